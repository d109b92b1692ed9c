import assert from "node:assert/strict";

import fc from "fast-check";

import { aks } from "../../../infra/aks";
import { adminOf } from "../../../infra/aks/admins";
import { withLogin } from "../../../infra/aks/login";
import {
  azureSizes,
  containerName,
  isPoolName,
  registryName,
  storageAccountName,
  taintText,
} from "../../../infra/aks/rules";
import { guid } from "../../../infra/names/naming";
import { gpuTaint } from "../../../infra/pools/placement";
import { subscription } from "../../../infra/aks/stand-in";
import { pool, problemsOf, remedyAt } from "../problems";

const target = {
  kind: "aks",
  subscription,
  tenant: subscription,
  region: "westeurope",
  admins: [`group:${subscription}`],
};
const cpu = pool({ machineType: "Standard_D4s_v5" });

describe("AKS rules", () => {
  it("refuse a region without three zones", () => {
    assert.match(
      remedyAt(aks, { ...target, region: "westus" }, "region"),
      /three zones.*westus2/,
    );
  });

  it("want somebody who may enter", () => {
    assert.match(
      remedyAt(aks, { ...target, admins: [] }, "admins"),
      /az ad signed-in-user/,
    );
  });

  it("make a cluster with machines that AKS takes for it, under a name of its own", () => {
    for (const machineType of ["Standard_D2s_v5", "Standard_B4ms"]) {
      const small = { ...target, system: { machineType } };
      assert.match(
        problemsOf(aks, small, [cpu]).join(),
        /^target\.system\.machineType: write a size/,
      );
    }
    assert.match(
      problemsOf(aks, target, [{ ...cpu, name: "system" }]).join(),
      /^pools\[0\]\.name: the cluster's own pool/,
    );
  });

  it("want to know whether who may enter is a group, a user or an app", () => {
    const plain = { ...target, admins: [subscription] };
    assert.match(
      remedyAt(aks, plain, "admins[0]"),
      /group:ID, user:ID, or app:ID/,
    );
    assert.deepEqual(adminOf(`app:${subscription}`), {
      kind: "app",
      objectId: subscription,
    });
  });

  // https://learn.microsoft.com/azure/aks/create-node-pools#limitations
  it("refuse names that AKS refuses, and offer one that it takes", () => {
    assert.deepEqual(
      problemsOf(aks, target, [
        cpu,
        pool({
          ...cpu,
          name: "gpu-a100-spot-pool",
          machineType: "Standard_D4s_v5",
        }),
      ]),
      [
        "pools[1].name: AKS takes 1 to 12 lower-case letters and digits, a letter first; such as gpua100spotp",
      ],
    );
    fc.assert(
      fc.property(fc.string({ minLength: 1 }), (name) => {
        const [problem] = aks.checkPools(
          [{ ...cpu, name }],
          aks.schema.parse(target),
        );
        const offered = problem?.remedy.split("such as ")[1];
        assert.ok(isPoolName(offered ?? name));
      }),
    );
  });

  it("know the GPUs of a size", () => {
    assert.equal(azureSizes.machine("Standard_NC48ads_A100_v4")?.gpus, 2);
    assert.equal(azureSizes.machine("Standard_E8-2ds_v5")?.gpus, 0);
    for (const wrong of ["Standard_NV6ads_A10_v5", "D4s_v5", "m7i.xlarge"]) {
      assert.equal(azureSizes.machine(wrong), undefined, wrong);
    }
  });

  it("take pools of spot alone, since the cluster's own services have another", () => {
    assert.deepEqual(problemsOf(aks, target, [{ ...cpu, spot: true }]), []);
  });

  it("spell taints as key, value and effect", () => {
    assert.equal(taintText(gpuTaint), "nvidia.com/gpu=present:NoSchedule");
  });

  // https://learn.microsoft.com/azure/storage/common/storage-account-overview#storage-account-name
  it("name storage accounts so that Azure takes them", () => {
    fc.assert(
      fc.property(fc.string(), fc.string(), (name, owner) =>
        assert.match(storageAccountName(name, [owner]), /^[a-z0-9]{3,24}$/),
      ),
    );
    assert.notEqual(
      storageAccountName("feature-store", []),
      storageAccountName("featurestore", []),
    );
  });

  // https://learn.microsoft.com/azure/azure-resource-manager/management/resource-name-rules
  it("name registries so that Azure takes them", () => {
    fc.assert(
      fc.property(fc.string(), (name) =>
        assert.match(registryName(name, []), /^[a-z0-9]{5,50}$/),
      ),
    );
  });

  // https://learn.microsoft.com/rest/api/storageservices/naming-and-referencing-containers--blobs--and-metadata
  it("name containers so that Azure takes them", () => {
    fc.assert(
      fc.property(fc.string(), (name) => {
        const container = containerName(name);
        assert.match(container, /^[a-z0-9][a-z0-9-]{1,61}[a-z0-9]$/);
        assert.doesNotMatch(container, /--/);
      }),
    );
  });

  // https://www.rfc-editor.org/rfc/rfc9562#name-uuid-version-8
  it("name role assignments by GUIDs that follow from what they are", () => {
    fc.assert(
      fc.property(fc.string(), (part) =>
        assert.match(
          guid([part]),
          /^[0-9a-f]{8}-[0-9a-f]{4}-8[0-9a-f]{3}-a[0-9a-f]{3}-[0-9a-f]{12}$/,
        ),
      ),
    );
    assert.notEqual(guid(["a", "bc"]), guid(["ab", "c"]));
  });

  it("log in without a person, whatever the kubeconfig says", () => {
    const config = (args: string) =>
      `users: [{ name: u, user: { exec: { command: kubelogin, args: [${args}] } } }]\n`;
    assert.match(
      withLogin(config("get-token, --login, devicecode"), "azurecli"),
      /get-token, --login, azurecli/,
    );
    assert.match(
      withLogin(config("get-token"), "azurecli"),
      /get-token, --login, azurecli/,
    );
    assert.equal(withLogin("users: []\n", "azurecli"), "users: []\n");
  });
});
