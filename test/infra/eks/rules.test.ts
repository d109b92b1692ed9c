import assert from "node:assert/strict";

import fc from "fast-check";

import { eks } from "../../../infra/eks";
import {
  amiType,
  ec2,
  isGraviton,
  regionsWithThreeZones,
  spotTypes,
  zonesOf,
} from "../../../infra/eks/rules";
import { nameLimits } from "../../../infra/name-limits";
import { slug, worldwide } from "../../../infra/naming";
import { account } from "../../../infra/supply/plugins/clouds/outputs";
import { pool, problemsOf, remedyAt } from "../problems";

const target = { kind: "eks", account, region: "eu-central-1" };

describe("EKS rules", () => {
  it("spread over three zones, or refuse the region", () => {
    for (const region of regionsWithThreeZones) {
      assert.equal(new Set(zonesOf(region)).size, 3);
    }
    assert.deepEqual(zonesOf("us-west-1"), ["us-west-1a", "us-west-1c"]);
    const refused = { ...target, region: "us-west-1" };
    assert.match(remedyAt(eks, refused, "region"), /three zones.*us-west-2/);
    assert.match(
      remedyAt(eks, { ...target, region: "moon-1" }, "region"),
      /three zones/,
    );
  });

  it("know the GPUs of a type", () => {
    assert.deepEqual(ec2.machine("g5.12xlarge"), { gpus: 4, gpuType: "a10g" });
    assert.deepEqual(ec2.machine("m7i-flex.large"), { gpus: 0 });
    for (const wrong of ["g5.large", "m7i", "t4", "", "g5.xlarge "]) {
      assert.equal(ec2.machine(wrong), undefined, wrong);
    }
  });

  it("refuse what a GPU pool cannot use, and say what it can", () => {
    const gpu = { name: "gpu", gpu: { count: 1 } };
    assert.deepEqual(
      problemsOf(eks, target, [
        pool({ machineType: "m7i.xlarge" }),
        pool({ ...gpu, machineType: "m7i.xlarge" }),
        pool({ ...gpu, machineType: "g5.12xlarge" }),
        pool({
          ...gpu,
          machineType: "g6.xlarge",
          gpu: { count: 1, type: "t4" },
        }),
      ]),
      [
        "pools[1].machineType: has 0 GPUs, the pool promises 1; choose a machine type, such as g4dn.xlarge, g4dn.2xlarge, g4dn.4xlarge, g4dn.8xlarge, or change pools[1].gpu",
        "pools[2].machineType: has 4 GPUs, the pool promises 1; choose a machine type, such as g4dn.xlarge, g4dn.2xlarge, g4dn.4xlarge, g4dn.8xlarge, or change pools[2].gpu",
        "pools[3].machineType: has l4, the pool promises t4; choose a machine type, such as g4dn.xlarge, g4dn.2xlarge, g4dn.4xlarge, g4dn.8xlarge, or change pools[3].gpu",
      ],
    );
  });

  it("want one pool that stays", () => {
    const spot = [pool({ machineType: "m7i.xlarge", spot: true })];
    assert.match(
      problemsOf(eks, target, spot).join(),
      /^pools\[0\]\.spot: cpu is the only pool for the cluster's own services/,
    );
    const empty = [pool({ machineType: "m7i.xlarge", min: 0 })];
    assert.match(problemsOf(eks, target, empty).join(), /^pools\[0\]\.min:/);
  });

  it("refuse ranges that overlap", () => {
    const network = { cidr: "172.20.0.0/16", services: "172.20.128.0/20" };
    assert.match(
      problemsOf(eks, { ...target, network }, [
        pool({ machineType: "m7i.xlarge" }),
      ]).join(),
      /^target\.network\.services: overlaps target\.network\.cidr/,
    );
  });

  // https://docs.aws.amazon.com/eks/latest/userguide/managed-node-groups.html
  it("give spot pools types that hold what the first holds", () => {
    assert.deepEqual(spotTypes("m7g.xlarge"), [
      "m7g.xlarge",
      "m8g.xlarge",
      "m6g.xlarge",
    ]);
    fc.assert(
      fc.property(
        fc.constantFrom(...ec2.gpuMachines, "m7i.xlarge", "c6g.4xlarge"),
        (type) => {
          const types = spotTypes(type);
          assert.equal(types[0], type);
          assert.equal(new Set(types).size, types.length);
          for (const other of types) {
            assert.deepEqual(ec2.machine(other), ec2.machine(type));
            assert.equal(isGraviton(other), isGraviton(type));
          }
        },
      ),
    );
  });

  it("choose the image by processor and accelerator", () => {
    assert.equal(amiType("m7i.xlarge", false), "AL2023_x86_64_STANDARD");
    assert.equal(amiType("m7g.xlarge", false), "AL2023_ARM_64_STANDARD");
    assert.equal(amiType("g5.xlarge", true), "AL2023_x86_64_NVIDIA");
  });

  // https://docs.aws.amazon.com/AmazonS3/latest/userguide/bucketnamingrules.html
  it("name buckets so that S3 takes them", () => {
    fc.assert(
      fc.property(fc.string(), fc.string(), (name, owner) => {
        const bucket = worldwide(slug(`mlstack-${name}`), [owner], {
          longest: nameLimits["aws:Bucket"].longest,
          separator: "-",
        });
        assert.match(bucket, /^[a-z][a-z0-9-]{1,61}[a-z0-9]$/);
        assert.doesNotMatch(bucket, /^(xn--|sthree-|amzn-s3-demo-)|-s3alias$/);
      }),
    );
  });

  it("do not open the API to everybody", () => {
    const open = { ...target, apiAllow: ["0.0.0.0/0"] };
    assert.match(
      remedyAt(eks, open, "apiAllow[0]"),
      /prefix|your own networks/,
    );
  });
});
