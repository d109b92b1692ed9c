import assert from "node:assert/strict";
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer, type AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";

import { nodeGroupSize } from "../../infra/provider/node-group-size";
import { failureOf, ProviderHarness } from "../infra/provider/harness";
import { eventually } from "../support/eventually";

const environment = join(__dirname, "judge/run");
const { type } = nodeGroupSize;

interface Scaling {
  readonly minSize: number;
  readonly maxSize: number;
  readonly desiredSize: number;
}

const scaling = (minSize: number, maxSize: number, desiredSize: number) => ({
  ...{ minSize, maxSize, desiredSize },
});

/** A group's scaling, declared bounds, and its scaling afterwards; EKS refuses bounds that exclude the number of nodes. */
const changes: readonly {
  readonly title: string;
  readonly now: Scaling;
  readonly declared: { readonly min: number; readonly max: number };
  readonly then: Scaling;
}[] = [
  {
    title: "a least number above the nodes that there are adds nodes",
    now: scaling(1, 9, 2),
    declared: { min: 4, max: 9 },
    then: scaling(4, 9, 4),
  },
  {
    title: "a most number below them takes nodes away",
    now: scaling(1, 9, 8),
    declared: { min: 1, max: 5 },
    then: scaling(1, 5, 5),
  },
  {
    title: "a most number above them keeps those that the autoscaler added",
    now: scaling(1, 9, 8),
    declared: { min: 1, max: 20 },
    then: scaling(1, 20, 8),
  },
  {
    title: "a least number below them keeps them, too",
    now: scaling(3, 9, 7),
    declared: { min: 0, max: 9 },
    then: scaling(0, 9, 7),
  },
  {
    title: "both bounds move at once",
    now: scaling(1, 3, 3),
    declared: { min: 5, max: 8 },
    then: scaling(5, 8, 5),
  },
  {
    title: "a group is made with its bounds, and keeps them",
    now: scaling(2, 4, 2),
    declared: { min: 2, max: 4 },
    then: scaling(2, 4, 2),
  },
];

// The AWS CLI takes no call that AWS's own model does not have, and moto keeps what it is told.
describe("the size of a node group, by the AWS CLI", function () {
  this.timeout(5 * 60_000);

  const folder = mkdtempSync(join(tmpdir(), "mlstack-node-groups-"));
  const address = { region: "eu-central-1", cluster: "mlstack", group: "cpu" };
  const environmentBefore = { ...process.env };
  let server: ChildProcess | undefined;
  let provider: ProviderHarness;

  let endpoint = "";

  /** Asks moto itself, which knows the service by the scope of the credentials; the CLI takes two seconds to start. */
  async function ask(path: string, body?: object): Promise<unknown> {
    const response = await fetch(`${endpoint}/clusters${path}`, {
      ...(body && { method: "POST", body: JSON.stringify(body) }),
      headers: {
        authorization: `AWS4-HMAC-SHA256 Credential=nobody/20300101/${address.region}/eks/aws4_request`,
      },
    });
    assert.ok(response.ok, await response.clone().text());
    return response.json();
  }

  const groups = `/${address.cluster}/node-groups`;

  /** Sets how the group is scaled, as the autoscaler and people do. */
  const set = (scalingConfig: Scaling) =>
    ask(`${groups}/${address.group}/update-config`, { scalingConfig });
  const get = async () =>
    (
      (await ask(`${groups}/${address.group}`)) as {
        nodegroup: { scalingConfig: Scaling };
      }
    ).nodegroup.scalingConfig;

  before(async () => {
    writeFileSync(
      join(folder, "aws"),
      `#!/bin/sh\nexec '${environment}' awscli "$@"\n`,
      { mode: 0o755 },
    );
    const port = await freePort();
    endpoint = `http://127.0.0.1:${port}`;
    server = spawn(
      environment,
      ["moto.server", "-H", "127.0.0.1", "-p", String(port)],
      { stdio: "ignore" },
    );
    Object.assign(process.env, {
      PATH: [folder, process.env["PATH"]].join(delimiter),
      AWS_ENDPOINT_URL: endpoint,
      AWS_ACCESS_KEY_ID: "nobody",
      AWS_SECRET_ACCESS_KEY: "nothing",
      AWS_DEFAULT_REGION: address.region,
      AWS_CONFIG_FILE: "/nonexistent",
    });
    await eventually(() => fetch(endpoint).then(() => true));
    const role = "arn:aws:iam::123456789012:role/mlstack";
    await ask("", {
      ...{ name: address.cluster, roleArn: role },
      resourcesVpcConfig: { subnetIds: ["subnet-1"] },
    });
    await ask(groups, {
      ...{ nodegroupName: address.group, nodeRole: role },
      ...{ subnets: ["subnet-1"], scalingConfig: scaling(1, 2, 1) },
    });
    provider = await ProviderHarness.ofKinds([nodeGroupSize]);
  });
  after(async () => {
    await provider.stop();
    server?.kill();
    process.env = environmentBefore;
    rmSync(folder, { recursive: true });
  });

  for (const { title, now, declared, then } of changes) {
    it(title, async () => {
      await set(now);
      const inputs = { ...address, ...declared };
      const made = await provider.create(type, inputs);
      assert.deepEqual(await get(), then);
      assert.ok(then.minSize <= then.desiredSize);
      assert.ok(then.desiredSize <= then.maxSize);
      // A second time, as after an up that was killed before it had noted the first.
      await provider.update(type, made, inputs);
      assert.deepEqual(await get(), then);
    });
  }

  it("that somebody changed elsewhere is found, and put right", async () => {
    await set(scaling(1, 9, 4));
    const inputs = { ...address, min: 1, max: 9 };
    const made = await provider.create(type, inputs);
    await set(scaling(0, 6, 4));
    const read = await provider.read(type, made);
    assert.deepEqual([read?.outs["min"], read?.outs["max"]], [0, 6]);
    const found = { ...made, outs: read?.outs ?? {} };
    const { diffs, replaces } = await provider.diff(type, found, inputs);
    assert.deepEqual([[...diffs].sort(), replaces], [["max", "min"], []]);
    await provider.update(type, found, inputs);
    assert.deepEqual(await get(), scaling(1, 9, 4));
  });

  it("of a group that is not there is gone when it is looked for, and an error when it is set", async () => {
    const inputs = { ...address, group: "other", min: 1, max: 2 };
    const stored = { id: "mlstack/other", inputs, outs: inputs };
    assert.equal(await provider.read(type, stored), undefined);
    const { message } = await failureOf(provider.create(type, inputs));
    assert.match(message, /ResourceNotFoundException.*other/s);
  });

  it("is previewed without a question to anybody", async () => {
    const path = process.env["PATH"];
    process.env["PATH"] = "/nonexistent";
    const inputs = { ...address, min: 7, max: 8 };
    const made = await provider.create(type, inputs, { preview: true });
    assert.deepEqual(made.outs, inputs);
    process.env["PATH"] = path;
  });
});

async function freePort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  server.close();
  return port;
}
