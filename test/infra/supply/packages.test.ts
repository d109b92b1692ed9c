import assert from "node:assert/strict";

import {
  CLUSTER_PACKAGES,
  distributionOf,
} from "../../../infra/supply/toolchain/packages";

describe("distributionOf", () => {
  const names = (osRelease: string) => {
    const family = distributionOf(osRelease);
    return family && CLUSTER_PACKAGES.map((wanted) => family.name(wanted));
  };

  it("knows Ubuntu by its kin, with Debian's names", () => {
    const ubuntu = 'NAME="Ubuntu"\nID=ubuntu\nID_LIKE=debian\n';
    assert.deepEqual(names(ubuntu), names("ID=debian\n"));
    assert.ok(names(ubuntu)?.includes("conntrack"));
    assert.deepEqual(distributionOf(ubuntu)?.install(["runc"])[0], [
      "apt-get",
      "update",
    ]);
  });

  it("knows Fedora, and Rocky by its kin, with Fedora's names", () => {
    const rocky = 'ID="rocky"\nID_LIKE="rhel centos fedora"\n';
    assert.deepEqual(names(rocky), names("ID=fedora\nVERSION_ID=44\n"));
    assert.ok(names(rocky)?.includes("conntrack-tools"));
    assert.ok(names(rocky)?.includes("iproute"));
    assert.deepEqual(
      distributionOf(rocky)?.install(["runc"]).flat().slice(0, 2),
      ["dnf", "install"],
    );
  });

  it("does not guess at another system", () => {
    assert.equal(distributionOf("ID=arch\n"), undefined);
    assert.equal(distributionOf('PRETTY_NAME="like debian"\n'), undefined);
  });
});
