import assert from "node:assert/strict";

import * as pulumi from "@pulumi/pulumi";

import { rules } from "../../../stacks/policy/rules";
import { violations } from "../../../stacks/policy/rule";
import { fixtures } from "../../infra/fixtures";
import { cloudCalls, cloudOutputs } from "../../support/cloud-outputs";
import { policyResources } from "../../support/policy-resources";
import { record } from "../../support/recording-monitor";

describe("policy: what each target registers", () => {
  for (const [kind, fixture] of Object.entries(fixtures)) {
    for (const apiAllow of [[], ["203.0.113.0/24"]]) {
      it(`${kind}, API ${apiAllow.length > 0 ? "open to ranges" : "private"}, keeps every rule`, async () => {
        const recording = await record(
          () => {
            const platform = fixture.provision(
              "main",
              {
                pools: fixture.pools,
                tags: { stack: "test", owner: "team-ml" },
                lifetime: "long",
              },
              apiAllow,
            );
            const parent = new pulumi.ComponentResource("test:Above", "above");
            const args = {
              versioned: true,
              expireNoncurrentDays: 30,
              protect: true,
              forceDestroy: false,
            };
            const bucket = platform.bucket("raw", args, { parent });
            platform.identity(
              "tenant",
              {
                serviceAccount: { namespace: "team-a", name: "spark" },
                grants: [{ bucket, access: "write" }],
              },
              { parent },
            );
          },
          { outputs: cloudOutputs, calls: cloudCalls },
        );
        const resources = policyResources(recording);
        assert.ok(resources.length > 10);
        assert.deepEqual(
          violations(rules, resources).map(
            ({ rule, resource, message }) =>
              `${rule}: ${resource.type} ${resource.name}: ${message}`,
          ),
          [],
        );
      });
    }
  }
});
