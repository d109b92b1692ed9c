import assert from "node:assert/strict";

import { memberOf } from "../../../infra/onprem/etcd-members";
import { host } from "./host";

describe("members of etcd", () => {
  const list = [
    "8e9e05c52164694d, started, control-1, https://10.0.0.11:2380, https://10.0.0.11:2379, false",
    // One that was added and never started has no name.
    "c0ffee0000000001, unstarted, , https://10.0.0.12:2380, , true",
    "",
  ].join("\n");

  it("are found by name, or by address as long as they have none", () => {
    const find = (name: string, address: string) =>
      memberOf(list, host(name, { address }));
    assert.equal(find("control-1", "10.0.0.11"), "8e9e05c52164694d");
    assert.equal(find("control-2", "10.0.0.12"), "c0ffee0000000001");
    assert.equal(find("control-3", "10.0.0.13"), undefined);
    // No prefix of an address is another's.
    assert.equal(find("control", "10.0.0.1"), undefined);
  });
});
