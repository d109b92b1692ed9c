import assert from "node:assert/strict";

import fc from "fast-check";

import { compareHosts, type Host, inOrder } from "../../../infra/onprem/hosts";
import { host } from "./host";

describe("changes of hosts", () => {
  it("keep every host that stays", () => {
    const names = fc.uniqueArray(fc.constantFrom("a", "b", "c", "d"));
    const hosts = names.map((list) => list.map((name) => host(name)));
    fc.assert(
      fc.property(hosts, hosts, (olds, news) => {
        const { removed, added, kept } = compareHosts(olds, news);
        const sorted = (list: readonly Host[]) =>
          list.map(({ name }) => name).sort();
        assert.deepEqual(sorted([...kept, ...added]), sorted(news));
        assert.deepEqual(sorted([...kept, ...removed]), sorted(olds));
      }),
    );
  });

  it("remove a host only where its name, address or role is another", () => {
    const change = (changes: Partial<Host>) => {
      const { removed, added, kept } = compareHosts(
        [host("a")],
        [host("a", changes)],
      );
      return [removed.length, added.length, kept.length];
    };
    const taint = { key: "k", value: "v", effect: "NoSchedule" } as const;
    for (const changes of [
      { labels: { pool: "gpu" } },
      { taints: [taint] },
      { user: "ops" },
      { port: 2222 },
      { fingerprint: "SHA256:a" },
    ])
      assert.deepEqual(change(changes), [0, 0, 1], JSON.stringify(changes));
    for (const changes of [
      { address: "10.0.0.99" },
      { role: "control-plane" as const },
    ])
      assert.deepEqual(change(changes), [1, 1, 0], JSON.stringify(changes));
  });

  it("join the control plane before the workers", () => {
    const hosts = [host("one"), host("control", { role: "control-plane" })];
    assert.deepEqual(
      inOrder(hosts).map(({ name }) => name),
      ["control", "one"],
    );
  });
});
