import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  realpathSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import type { Properties } from "../../../infra/provider/plugin/value";
import { type ClusterInputs, clusterSchema } from "../../../infra/local/inputs";
import { Layout } from "../../../infra/local/layout";
import {
  createCluster,
  deleteCluster,
  importCluster,
  readCluster,
  updateCluster,
} from "../../../infra/local/lifecycle";
import {
  deadMachines,
  findCluster,
  writeRecord,
} from "../../../infra/local/record";
import { parseReference, referenceOf } from "../../../infra/local/reference";
import { refuseUpgrade } from "../../../infra/local/versions";
import { claimFolder } from "../../../infra/folders/owned-folder";
import { localCluster } from "../../../infra/provider/local-cluster";
import { ProviderHarness } from "../provider/harness";

const versions = {
  kubernetes: "1.35.4",
  etcd: "3.6.6",
  containerd: "2.2.9",
  registry: "3.0.0",
};

/** The content of a cluster's folder decides before anything is started, so that these tests need no cluster. */
describe("ownership of a local cluster", () => {
  const id = randomUUID();
  const other = randomUUID();
  const messages: string[] = [];
  const work = {
    owner: "urn:mine",
    signal: new AbortController().signal,
    log: (message: string) => void messages.push(message),
  };
  let dataDir: string;
  let inputs: ClusterInputs;
  let layout: Layout;

  beforeEach(() => {
    dataDir = realpathSync(mkdtempSync(join(tmpdir(), "mlstack-lifecycle-")));
    inputs = clusterSchema.parse({
      name: "owned",
      dataDir,
      registryStorage: "/nowhere",
      versions,
      pools: [{ name: "cpu", count: 1 }],
    });
    layout = new Layout(inputs);
    messages.length = 0;
  });
  afterEach(() => rmSync(dataDir, { recursive: true, force: true }));

  /** The folder of a cluster, as one leaves it that was made by the resource `urn:theirs`. */
  async function stored(complete: boolean): Promise<void> {
    await claimFolder(layout.state, id);
    mkdirSync(layout.pki);
    writeFileSync(join(layout.pki, "admin.conf"), "the kubeconfig");
    await writeRecord(layout, {
      owner: "urn:theirs",
      inputs,
      nodes: [{ name: "cpu-0", pool: "cpu", gpus: 0, index: 0 }],
      tools: {},
      secretsEncrypted: true,
      complete,
    });
  }

  const isThere = () => existsSync(join(layout.pki, "admin.conf"));

  it("is refused for a whole cluster that the state does not know, by name and with what to do", async () => {
    await stored(true);
    await assert.rejects(createCluster(inputs, work), (error: Error) => {
      assert.equal(
        error.message,
        `target.name: "owned": ${layout.state} is a whole cluster that this state does not know, made by urn:theirs; choose another name, or take it over with target.import: ${layout.state}:${id} (then npm run down removes it)`,
      );
      return true;
    });
    assert.ok(isThere());
  });

  it("is refused for a folder that somebody else filled, whatever is asked", async () => {
    mkdirSync(layout.state);
    writeFileSync(join(layout.state, "precious"), "");
    const refusal = /owned: is not empty and carries no mark of mlstack/;
    await assert.rejects(createCluster(inputs, work), refusal);
    await assert.rejects(updateCluster(inputs, id, work), refusal);
    await assert.rejects(readCluster(inputs, id), refusal);
    await assert.rejects(deleteCluster(inputs, id, work), refusal);
    assert.ok(existsSync(join(layout.state, "precious")));
  });

  it("is refused for a folder behind a link, and what that leads to is left alone", async () => {
    const theirs = join(dataDir, "theirs");
    mkdirSync(theirs);
    writeFileSync(join(theirs, "precious"), "");
    symlinkSync(theirs, layout.state);
    const refusal = /leads through a link/;
    await assert.rejects(createCluster(inputs, work), refusal);
    await assert.rejects(deleteCluster(inputs, id, work), refusal);
    assert.ok(existsSync(join(theirs, "precious")));
  });

  it("goes by the ID: another one neither reads, updates nor deletes the cluster", async () => {
    await stored(true);
    assert.equal(await readCluster(inputs, other), undefined);
    await assert.rejects(
      updateCluster(inputs, other, work),
      new RegExp(`its ID is ${id}, not ${other}`),
    );
    await deleteCluster(inputs, other, work);
    assert.match(messages.join("\n"), /is left alone/);
    assert.ok(isThere());
    const read = await readCluster(inputs, id);
    assert.equal(read?.kubeconfig, "the kubeconfig");
    await deleteCluster(inputs, id, work);
    assert.ok(!existsSync(layout.state));
  });

  it("is taken over by folder and ID alone", async () => {
    await stored(true);
    const found = await importCluster(referenceOf(layout, id));
    assert.deepEqual(found?.inputs, inputs);
    assert.equal(found.cluster.clusterId, id);
    assert.equal(
      await importCluster(referenceOf(layout, other)),
      undefined,
      "another cluster by now",
    );
    const provider = await ProviderHarness.ofKinds([localCluster]);
    try {
      const { type } = localCluster;
      const imported = await provider.import(type, referenceOf(layout, id));
      assert.deepEqual(imported?.inputs, inputs);
      assert.equal(imported.outs["clusterId"], id);
      // The program's inputs are no change, except that the machines do not run here.
      const { diffs, replaces } = await provider.diff(type, imported, {
        ...imported.inputs,
      });
      assert.deepEqual([diffs, replaces], [["running"], []]);
    } finally {
      await provider.stop();
    }
    for (const reference of ["owned", id, `/:${id}`, `/etc/../owned:${id}`])
      assert.throws(() => parseReference(reference), /is no reference/);
  });

  it("is nobody's for one that is half made: it is cleaned away, and not taken for a cluster", async () => {
    await stored(false);
    assert.equal(await readCluster(inputs, id), undefined);
    await assert.rejects(
      updateCluster(inputs, id, work),
      /is half removed; npm run down removes the rest/,
    );
    await deleteCluster(inputs, id, work);
    assert.ok(!existsSync(layout.state));
  });

  it("is clear while the folder is marked and nothing else", async () => {
    await claimFolder(layout.state, id);
    assert.deepEqual(await findCluster(layout), { kind: "incomplete", id });
  });

  for (const [what, text] of [
    ["cut off", '{"owner": "urn:th'],
    ["empty", ""],
    ["of another form", '{"owner": "urn:theirs", "complete": true}'],
    [
      "of a name that leads elsewhere",
      JSON.stringify({ inputs: { name: "../../etc" } }),
    ],
    ["gone", undefined],
  ] as const)
    it(`is told in words where the record is ${what}; nothing is lost, and the cluster can be removed`, async () => {
      await stored(true);
      const path = layout.at("cluster.json");
      if (text === undefined) rmSync(path);
      else writeFileSync(path, text);
      const words = new RegExp(`^Error: ${path}: .*; bring back the file, or `);
      await assert.rejects(createCluster(inputs, work), words);
      await assert.rejects(updateCluster(inputs, id, work), words);
      await assert.rejects(readCluster(inputs, id), words);
      await deleteCluster(inputs, other, work);
      assert.ok(isThere());
      assert.deepEqual(await deadMachines(layout), ["control-plane"]);
      await deleteCluster(inputs, id, work);
      assert.ok(!existsSync(layout.state));
    });

  it("stays as it was while another piece of work is under way", async () => {
    await stored(true);
    const both = await Promise.allSettled([
      deleteCluster(inputs, id, work),
      createCluster(inputs, work),
    ]);
    const [, refused] = both;
    assert.equal(refused.status, "rejected");
    assert.match(
      String(refused.reason),
      new RegExp(
        `^Error: cluster owned: process ${process.pid} is at work on ${layout.state}; wait until it ends, or end it with kill ${process.pid}$`,
      ),
    );
  });

  it("is checked in the provider too: poisoned values do nothing", async () => {
    await stored(true);
    const victim = join(dataDir, "victim");
    mkdirSync(victim);
    writeFileSync(join(victim, "precious"), "");
    const outs = {
      ...inputs,
      clusterId: id,
      kubeconfig: "",
      gateway: "",
      nodes: [],
      running: true,
    };
    const provider = await ProviderHarness.ofKinds([localCluster]);
    const values: readonly Partial<Record<keyof typeof outs, unknown>>[] = [
      { ...outs, name: "../victim" },
      { ...outs, name: "victim" },
      { ...outs, name: "victim/" },
      { ...outs, name: "" },
      { ...outs, dataDir: `${dataDir}/owned/..` },
      { ...outs, dataDir: "/" },
      { ...outs, dataDir: "" },
      { ...outs, dataDir: undefined },
      { ...outs, clusterId: undefined },
      { ...outs, clusterId: 7 },
      { name: "owned" },
    ];
    try {
      for (const poisoned of values) {
        // As JSON, so that what is undefined is left out.
        const text = JSON.stringify(poisoned);
        const stored = {
          id: `${layout.state}:${id}`,
          inputs: {},
          outs: JSON.parse(text) as Properties,
        };
        for (const call of ["read", "delete"] as const)
          await assert.rejects(provider[call](localCluster.type, stored), text);
      }
    } finally {
      await provider.stop();
    }
    assert.ok(isThere());
    assert.deepEqual(readdirSync(dataDir).sort(), ["owned", "victim"]);
    assert.ok(existsSync(join(victim, "precious")));
  });

  it("writes its record so that no half of it can be read", async () => {
    await stored(true);
    const record = await findCluster(layout);
    assert.ok(record.kind === "complete");
    // A run that was killed while it wrote.
    writeFileSync(layout.at("cluster.json.new"), '{"owner');
    assert.deepEqual(await findCluster(layout), record);
    await writeRecord(layout, record.record);
    assert.deepEqual(await findCluster(layout), record);
    assert.match(readFileSync(layout.at("cluster.json"), "utf8"), /\}$/);
  });
});

describe("changes of a local cluster", () => {
  it("of images, pools and versions are made in place", async () => {
    const inputs = clusterSchema.parse({
      name: "changed",
      dataDir: "/nowhere/mlstack",
      registryStorage: "/root/.cache/mlstack/registry",
      versions,
      pools: [{ name: "cpu", count: 1 }],
    });
    const difference = await localCluster.diff?.(
      "id",
      {
        ...inputs,
        clusterId: randomUUID(),
        kubeconfig: "",
        gateway: "",
        nodes: [],
        running: true,
        secretsEncrypted: true,
      },
      inputs,
      { ...inputs, registryStorage: "/home/ann/.cache/mlstack/registry" },
    );
    assert.deepEqual(difference?.update, [
      "pools",
      "internet",
      "registryStorage",
      "versions",
    ]);
    assert.equal(difference.replace, undefined);
  });

  for (const [from, to, words] of [
    ["1.35.4", "1.35.4", undefined],
    ["1.35.4", "1.35.9", undefined],
    ["1.35.4", "1.36.0", undefined],
    ["1.35.4", "1.37.0", /skips a minor version/],
    ["1.35.4", "2.0.0", /skips a minor version/],
    ["1.35.4", "1.34.9", /is a downgrade/],
    ["1.35.4", "1.35.3", /is a downgrade/],
  ] as const)
    it(`from Kubernetes ${from} to ${to} are ${words ? "refused" : "made"}`, () => {
      const refusal = refuseUpgrade(
        { ...versions, kubernetes: from },
        { ...versions, kubernetes: to },
      );
      if (words) assert.match(refusal ?? "", words);
      else assert.equal(refusal, undefined);
    });
});
