import assert from "node:assert/strict";
import { once } from "node:events";
import { readdirSync, readFileSync } from "node:fs";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";

import { KubeConfig } from "@kubernetes/client-node";

import { root } from "../../../../stacks/commands/cli/paths";
import { DeclaredFeatures } from "../../../../stacks/commands/features/declared-features";
import { deleteEntity } from "../../../../stacks/commands/features/deletion";
import {
  lookForDrift,
  rebuild,
  replay,
  rollback,
} from "../../../../stacks/commands/features";
import { CommandJobs } from "../../../../stacks/commands/jobs/command-jobs";
import type { StateResource } from "../../../../stacks/commands/state/stack-state";
import type { Recorded } from "../../../support/recording-monitor";
import { recordStack } from "../../../support/stack-program";

interface SparkBody {
  readonly metadata: { readonly namespace: string; readonly name: string };
  readonly spec: {
    readonly image: string;
    readonly arguments: readonly string[];
    readonly driver: { readonly serviceAccount: string };
  };
}

interface JobBody {
  readonly metadata: { readonly namespace: string };
  readonly spec: {
    readonly template: {
      readonly spec: {
        readonly serviceAccountName: string;
        readonly containers: readonly {
          readonly image: string;
          readonly env?: readonly object[];
        }[];
      };
    };
  };
}

const theirs = "registry.example/of-a-member";
const labels = {
  "mlstack.dev/feature-view": "user_activity",
  "mlstack.dev/model": "user_purchase",
};

/**
 * Objects of a member of the team `risk` in its namespace, with the stack's own names, labels and paths, and another
 * image.
 */
const impostors: Readonly<Record<string, (command?: string) => object>> = {
  scheduledsparkapplications: (command) => ({
    metadata: {
      namespace: "risk",
      name: "a",
      labels: { ...labels, "mlstack.dev/features-command": command },
    },
    spec: { template: impostorSpec },
  }),
  sparkapplications: () => ({
    metadata: { namespace: "risk", name: "a" },
    spec: impostorSpec,
  }),
  cronjobs: () => ({
    metadata: {
      namespace: "risk",
      name: "a",
      labels: { "mlstack.dev/features-command": "questions" },
    },
    spec: {
      jobTemplate: {
        spec: {
          template: { spec: { containers: [{ name: "a", image: theirs }] } },
        },
      },
    },
  }),
  deployments: () => ({
    metadata: { namespace: "ml", name: "a" },
    spec: {
      template: {
        spec: {
          containers: [
            {
              command: ["mlstack_features.sink"],
              args: ["--view=user_activity"],
              env: [{ name: "ONLINE_STORE_URL", value: "redis://theirs" }],
            },
          ],
        },
      },
    },
  }),
};

const impostorSpec = {
  image: theirs,
  mainApplicationFile: "local:///opt/theirs/stream/ingest.py",
  arguments: [
    `--contract=${JSON.stringify({ name: "clickstream_events", hudi: {} })}`,
    `--view=${JSON.stringify({ name: "user_activity", source: "clickstream_events", entity: "user_id", hudi: {} })}`,
  ],
  driver: { template: { spec: { containers: [{ name: "a" }] } } },
};

/** Answers of a driver, of every kind that the commands read. */
const result = {
  metrics: { accepted: 1, rejected: 0, letters: 0, untold: 0 },
  found: { clickstream_events: 1 },
  anew: {},
  instants: { user_activity: "20260101000000000" },
  earlier: {},
};

/** A loopback server that answers as an API server does on which a member has made the {@link impostors}. */
class ClusterOfAMember {
  readonly spark: SparkBody[] = [];
  readonly jobs: JobBody[] = [];
  private server: Server | undefined;

  async start(): Promise<KubeConfig> {
    this.server = createServer((request, response) => {
      let text = "";
      request.on("data", (part: Buffer) => (text += part.toString()));
      request.on("end", () => {
        const answer = this.answer(
          request.method ?? "",
          new URL(request.url ?? "", "http://a"),
          text,
        );
        response.setHeader(
          "content-type",
          typeof answer === "string" ? "text/plain" : "application/json",
        );
        response.end(
          typeof answer === "string" ? answer : JSON.stringify(answer),
        );
      });
    });
    this.server.listen(0, "127.0.0.1");
    await once(this.server, "listening");
    const { port } = this.server.address() as AddressInfo;
    const config = new KubeConfig();
    config.loadFromClusterAndUser(
      {
        name: "a",
        server: `http://127.0.0.1:${port}`,
        skipTLSVerify: true,
      },
      { name: "a" },
    );
    return config;
  }

  stop(): void {
    this.server?.close();
    this.server?.closeAllConnections();
  }

  private answer(method: string, url: URL, text: string): unknown {
    const { pathname } = url;
    if (method === "POST") {
      const body = JSON.parse(text) as unknown;
      if (pathname.endsWith("/jobs")) this.jobs.push(body as JobBody);
      else this.spark.push(body as SparkBody);
      return body;
    }
    if (pathname.endsWith("/log"))
      return JSON.stringify({ rows: { clickstream_events: 0 } });
    if (pathname.includes("/jobs/")) return { status: { succeeded: 1 } };
    if (pathname.endsWith("/pods"))
      return {
        items: [
          {
            metadata: { name: "pod" },
            status: {
              containerStatuses: [
                { state: { terminated: { message: JSON.stringify(result) } } },
              ],
            },
          },
        ],
      };
    const plural = pathname.split("/").at(-1) ?? "";
    const selected = url.searchParams.get("labelSelector") ?? "";
    const command = /features-command=([a-z]+)/.exec(selected)?.[1];
    const made = impostors[plural];
    if (made !== undefined) return { items: [made(command)] };
    return {
      spec: impostorSpec,
      status: {
        applicationState: { state: "COMPLETED" },
        driverInfo: { podName: "driver" },
      },
    };
  }
}

/** A resource's URN as the engine makes it: with the types of all its parents but the stack, of which mocks keep the last one. */
function engineUrn(resource: Recorded, all: readonly Recorded[]): string {
  const types = [resource.type];
  for (
    let parent = all.find(({ urn }) => urn === resource.parent);
    parent !== undefined && parent.type !== "pulumi:pulumi:Stack";
    parent = all.find(({ urn }) => urn === parent?.parent)
  )
    types.unshift(parent.type);
  return `urn:pulumi:local::mlstack::${types.join("$")}::${resource.name}`;
}

describe("jobs of the feature store that a command starts", function () {
  this.timeout(120_000);

  let resources: readonly StateResource[] = [];
  const cluster = new ClusterOfAMember();
  let jobs: CommandJobs | undefined;

  before(async () => {
    const recording = await recordStack("local", {
      kafka: { kind: "single", topics: [{ name: "events" }] },
      teams: [
        { name: "ml", quota: { cpu: "64", memory: "256Gi" } },
        { name: "risk", quota: { cpu: "64", memory: "256Gi" } },
      ],
      workloads: {},
      streams: {
        clickstream: {
          topic: "events",
          team: "ml",
          ingest: { everySeconds: 600 },
          online: { kind: "redis" },
        },
      },
    });
    // A workload of a team, in the state too: its folder names its files as it likes.
    const ofAWorkload: StateResource = {
      urn: "urn:pulumi:local::mlstack::mlstack:workloads:OwnWorkload$mlstack:components:SparkJob$kubernetes:sparkoperator.k8s.io/v1beta2:SparkApplication::risk-own",
      type: "kubernetes:sparkoperator.k8s.io/v1beta2:SparkApplication",
      inputs: impostors["sparkapplications"]?.() as StateResource["inputs"],
      outputs: {},
    };
    resources = [
      ofAWorkload,
      ...recording.resources.map((resource) => ({
        urn: engineUrn(resource, recording.resources),
        type: resource.type,
        inputs: { ...resource.inputs },
        outputs: {},
      })),
    ];
    jobs = await CommandJobs.of(resources, await cluster.start());
  });

  after(() => cluster.stop());

  const account = (name: string) => `clickstream-stream-${name}`;
  const started = async (
    work: (jobs: CommandJobs) => Promise<unknown>,
  ): Promise<SparkBody> => {
    assert.ok(jobs);
    await work(jobs);
    const body = cluster.spark.pop();
    assert.ok(body);
    assert.equal(body.metadata.namespace, "ml");
    assert.notEqual(body.spec.image, theirs);
    return body;
  };

  for (const [command, work] of Object.entries({
    rebuild: (all: CommandJobs) => rebuild(all, "user_activity"),
    rollback: (all: CommandJobs) => rollback(all, "user_activity", "2026"),
  }))
    it(`is the stack's own, of ${command}`, async () => {
      const { spec } = await started(work);
      assert.equal(spec.driver.serviceAccount, account("user-activity"));
      assert.ok(spec.arguments.some((each) => /^--feature-store=/.test(each)));
    });

  it("is the stack's own, of replay", async () => {
    const { spec } = await started((all) => replay(all, "clickstream_events"));
    assert.equal(spec.driver.serviceAccount, account("ingest"));
    assert.ok(spec.arguments.some((each) => /^--raw=/.test(each)));
  });

  it("is the stack's own, of drift", async () => {
    const { name } = recordedModel();
    const { spec } = await started((all) => lookForDrift(all, name));
    assert.match(spec.driver.serviceAccount, /-drift$/);
  });

  it("is the stack's own, of a deletion, and so is what reads the places again", async () => {
    const request = { name: "user_activity", entity: "1", yes: true };
    let lines: readonly string[] = [];
    const { spec } = await started(async (all) => {
      lines = await deleteEntity(all, { ...request, purge: false });
    });
    assert.equal(spec.driver.serviceAccount, account("ingest"));
    assert.match(lines.join("\n"), /read again: 0 rows in 1 tables/);
    const check = cluster.jobs.pop();
    const [container] = check?.spec.template.spec.containers ?? [];
    assert.equal(check?.metadata.namespace, "ml");
    assert.notEqual(container?.image, theirs);
    // Where the online store is.
    assert.ok(!JSON.stringify(container?.env).includes("redis://theirs"));
    assert.match(JSON.stringify(container?.env), /ONLINE_STORE_URL/);
  });

  it("is none of a workload of a team that names its file like it, where the stack streams nothing", () => {
    const own = new DeclaredFeatures(resources.slice(0, 1));
    assert.deepEqual(own.sparkJobsOf("/stream/ingest.py"), []);
  });

  /** A model of the data set that looks for drift. */
  function recordedModel(): { readonly name: string } {
    const names = resources.flatMap(({ inputs }) => {
      const { labels: given = {} } = (inputs["metadata"] ?? {}) as {
        labels?: Readonly<Record<string, string>>;
      };
      return given["mlstack.dev/model"] ?? [];
    });
    const [name] = names;
    assert.ok(name);
    return { name };
  }
});

describe("commands", () => {
  it("list no objects of all namespaces but pods, which they print", () => {
    const folder = join(root, "stacks/commands");
    const listings = readdirSync(folder, { encoding: "utf8", recursive: true })
      .filter((file) => file.endsWith(".ts"))
      .flatMap((file) =>
        [
          ...readFileSync(join(folder, file), "utf8").matchAll(
            /list\w+ForAllNamespaces/g,
          ),
        ].map(([call]) => `${file}: ${call}`),
      );
    assert.deepEqual(listings.sort(), [
      "logs.ts: listPodForAllNamespaces",
      "status.ts: listPodForAllNamespaces",
    ]);
  });
});
