import assert from "node:assert/strict";

import fc from "fast-check";

import { eks } from "../../../infra/eks";
import {
  amiType,
  ec2,
  regionsWithThreeZones,
  zonesOf,
} from "../../../infra/eks/rules";
import { groupsOf } from "../../../infra/eks/node-pools";
import { spotTypes } from "../../../infra/eks/spot-types";
import { nameLimits } from "../../../infra/eks/name-limits";
import { slug, worldwide } from "../../../infra/names/naming";
import { account } from "../../../infra/eks/stand-in";
import { pool, problemsOf, remedyAt } from "../problems";

const admins = [`arn:aws:iam::${account}:role/admin`];
const target = { kind: "eks", account, region: "eu-central-1", admins };

describe("EKS rules", () => {
  it("spread over three zones, or refuse the region", () => {
    for (const region of regionsWithThreeZones) {
      assert.equal(new Set(zonesOf(region)).size, 3);
    }
    assert.deepEqual(zonesOf("us-west-1"), ["usw1-az1", "usw1-az3"]);
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
    assert.deepEqual(spotTypes("m7i.xlarge", "eu-north-1"), [
      "m7i.xlarge",
      "m7a.xlarge",
      "m6i.xlarge",
    ]);
    fc.assert(
      fc.property(
        fc.constantFrom(...ec2.gpuMachines, "m7i.xlarge", "t3.large"),
        fc.constantFrom(...regionsWithThreeZones),
        (type, region) => {
          const types = spotTypes(type, region);
          assert.equal(types[0], type);
          assert.equal(new Set(types).size, types.length);
          for (const other of types) {
            assert.deepEqual(ec2.machine(other), ec2.machine(type));
          }
        },
      ),
    );
  });

  it("choose the image by accelerator, and refuse what no image of ours runs on", () => {
    assert.equal(amiType(false), "AL2023_x86_64_STANDARD");
    assert.equal(amiType(true), "AL2023_x86_64_NVIDIA");
    assert.match(
      problemsOf(eks, target, [pool({ machineType: "m7g.xlarge" })]).join(),
      /^pools\[0\]\.machineType: has an ARM processor, and images are built for x86-64; .*such as m7i\.xlarge$/,
    );
    for (const wrong of ["p3.2xlarge", "trn1.2xlarge", "mac1.metal"]) {
      assert.match(
        problemsOf(eks, target, [pool({ machineType: wrong })]).join(),
        /no machine type known here/,
      );
    }
  });

  it("name zones as every account does", () => {
    const ids = (region: string) => zonesOf(region).join(" ");
    assert.equal(ids("us-east-1"), "use1-az1 use1-az2 use1-az4");
    assert.equal(ids("ap-northeast-1"), "apne1-az1 apne1-az2 apne1-az4");
    assert.equal(ids("eu-central-1"), "euc1-az1 euc1-az2 euc1-az3");
    assert.equal(ids("ap-southeast-2"), "apse2-az1 apse2-az2 apse2-az3");
    assert.equal(ids("il-central-1"), "ilc1-az1 ilc1-az2 ilc1-az3");
    const gpuZones = ["euc1-az1", "eu-central-1b"];
    assert.match(
      problemsOf(eks, { ...target, gpuZones }, [
        pool({ machineType: "m7i.xlarge" }),
      ]).join("\n"),
      /^target\.gpuZones\[1\]: not a zone of the cluster; write one of euc1-az1/,
    );
  });

  // https://docs.aws.amazon.com/eks/latest/userguide/managed-node-groups.html
  it("share the bounds of a pool among a group a zone, where it holds volumes", () => {
    const subnets = zonesOf("eu-central-1").map((zone) => ({ id: zone, zone }));
    fc.assert(
      fc.property(fc.nat(40), fc.nat(40), (min, more) => {
        const max = Math.max(1, min + more);
        const groups = groupsOf(pool({ min, max }), subnets);
        const sum = (key: "min" | "max") =>
          groups.reduce((total, group) => total + group[key], 0);
        assert.deepEqual([sum("min"), sum("max")], [min, max]);
        for (const group of groups) {
          assert.equal(group.subnets.length, 1);
          assert.ok(group.max >= 1 && group.min <= group.max);
        }
      }),
    );
    const gpu = pool({ gpu: { count: 1 }, min: 0 });
    assert.deepEqual(
      groupsOf(gpu, subnets, ["euc1-az2"]).map((group) => group.subnets),
      [[subnets[1]]],
    );
    assert.equal(groupsOf(gpu, subnets)[0]?.subnets.length, 3);
  });

  it("want the administrators, each once", () => {
    const none = { ...target, admins: [] };
    assert.match(remedyAt(eks, none, "admins"), /runs this program/);
    const twice = { ...target, admins: [...admins, ...admins] };
    assert.match(
      problemsOf(eks, twice, [pool({ machineType: "m7i.xlarge" })]).join(),
      /^target\.admins\[1\]: stands there twice/,
    );
  });

  // https://docs.aws.amazon.com/AmazonS3/latest/userguide/bucketnamingrules.html
  it("name buckets so that S3 takes them", () => {
    fc.assert(
      fc.property(fc.string(), fc.string(), (name, owner) => {
        const bucket = worldwide(slug(`mlstack-${name}`), [owner], {
          longest: nameLimits.Bucket.longest,
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
