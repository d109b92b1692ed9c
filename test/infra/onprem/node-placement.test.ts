import assert from "node:assert/strict";

import { placementCommands } from "../../../infra/onprem/node-placement";
import { host } from "./host";

const gpu = { key: "gpu", value: "yes", effect: "NoSchedule" } as const;
const theirs = { key: "maintenance", effect: "NoExecute" };

describe("labels and taints of a node", () => {
  const node = (labels: Record<string, string>, taints: object[] = []) => ({
    metadata: { name: "one", labels },
    spec: { taints: taints as [] },
  });

  it("need nothing where they are as they should be", () => {
    const same = host("one", { labels: { pool: "gpu" }, taints: [gpu] });
    const live = node({ pool: "gpu", zone: "a" }, [gpu, theirs]);
    assert.deepEqual(placementCommands("kubectl", live, same, same), []);
  });

  it("change in place, and those of others stay", () => {
    const old = host("one", {
      labels: { pool: "gpu", old: "x" },
      taints: [gpu],
    });
    const live = node({ pool: "gpu", old: "x", zone: "a" }, [gpu, theirs]);
    const news = host("one", { labels: { pool: "cpu" } });
    assert.deepEqual(placementCommands("kubectl", live, old, news), [
      "kubectl label node one --overwrite 'pool=cpu' 'old-'",
      "kubectl taint node one --overwrite 'gpu:NoSchedule-'",
    ]);
    assert.deepEqual(
      placementCommands("kubectl", node({ pool: "cpu" }, [theirs]), old, news),
      [],
    );
  });

  it("are put right where somebody has changed them by hand", () => {
    const same = host("one", { labels: { pool: "gpu" }, taints: [gpu] });
    assert.deepEqual(placementCommands("kubectl", node({}), same, same), [
      "kubectl label node one --overwrite 'pool=gpu'",
      "kubectl taint node one --overwrite 'gpu=yes:NoSchedule'",
    ]);
  });
});
