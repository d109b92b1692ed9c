import assert from "node:assert/strict";

import { awsEndCheck, awsQuestions } from "../../infra/eks/audit";
import { azureQuestions } from "../../infra/aks/audit";
import { gcpQuestions } from "../../infra/gke/audit";
import { distinct, type Question } from "../../infra/audit/leftover";

function first(questions: readonly Question[]): Question {
  const [question] = questions;
  assert.ok(question);
  return question;
}

describe("audit of AWS", () => {
  const questions = awsQuestions("pr-1", "eu-central-1");
  const tags = [
    { Key: "stack", Value: "pr-1" },
    { Key: "owner", Value: "ada" },
    { Key: "expiry", Value: "2030-01-01T00:00:00Z" },
  ];
  const account = "123456789012";
  const region = "eu-central-1";

  it("asks in the stack's region, and for what has none", () => {
    const commands = questions.map(({ args }) => args.join(" "));
    assert.ok(commands[0]?.includes("Key=stack,Values=pr-1 --region eu-ce"));
    assert.ok(commands[1]?.includes("--region us-east-1"));
    assert.ok(commands[2]?.includes("--log-group-name-prefix /aws/eks/"));
    assert.ok(commands[3]?.includes("--filter Role"));
    assert.equal(awsQuestions("pr-1", "us-east-1").length, 3);
  });

  it("reads what the tagging interface lists", () => {
    const answer = (...arns: string[]) =>
      JSON.stringify({
        ResourceTagMappingList: arns.map((ResourceARN) => ({
          ResourceARN,
          Tags: tags,
        })),
      });
    const read = (arn: string) => first(questions).read(answer(arn))[0];
    assert.deepEqual(read(`arn:aws:eks:${region}:${account}:cluster/m-pr-1`), {
      type: "eks:cluster",
      id: `arn:aws:eks:${region}:${account}:cluster/m-pr-1`,
      place: region,
      owner: "ada",
      expiry: "2030-01-01T00:00:00Z",
    });
    assert.equal(read("arn:aws:s3:::mlstack-pr-1-raw")?.type, "s3:bucket");
    assert.equal(read("arn:aws:s3:::mlstack-pr-1-raw")?.id, "mlstack-pr-1-raw");
    assert.equal(
      read(`arn:aws:logs:${region}:${account}:log-group:/aws/eks/m/cluster`)
        ?.type,
      "logs:log-group",
    );
  });

  it("finds by its name the group of logs that EKS made again without tags", () => {
    const [, , groups] = questions;
    const group = (name: string) => ({
      logGroupName: `/aws/eks/${name}/cluster`,
      arn: `arn:aws:logs:${region}:${account}:log-group:/aws/eks/${name}/cluster:*`,
    });
    const answer = JSON.stringify({
      logGroups: [group("mlstack-pr-1"), group("mlstack-pr-1/cluster-2")],
    });
    assert.deepEqual(groups?.read(answer), [
      {
        type: "logs:log-group",
        id: `arn:aws:logs:${region}:${account}:log-group:/aws/eks/mlstack-pr-1/cluster`,
        place: region,
        owner: "",
        expiry: "",
      },
    ]);
  });

  it("reads of all roles those of the stack", () => {
    const [, , , roles] = questions;
    const answer = JSON.stringify({
      RoleDetailList: [
        { Arn: `arn:aws:iam::${account}:role/pr-1-role`, Tags: tags },
        { Arn: `arn:aws:iam::${account}:role/pr-10-role`, Tags: [] },
        { Arn: `arn:aws:iam::${account}:role/other` },
      ],
    });
    assert.deepEqual(
      roles?.read(answer).map(({ type, place }) => [type, place]),
      [["iam:role", "global"]],
    );
  });

  it("asks of what AWS lists after its end whether it is there", () => {
    const leftover = { place: region, owner: "", expiry: "" };
    const check = (type: string, id: string) =>
      awsEndCheck({ ...leftover, type, id });
    const cases = [
      ["kms:key", "arn:aws:kms:r:1:key/k", "PendingDeletion", "Enabled"],
      [
        "ec2:natgateway",
        "arn:aws:ec2:r:1:natgateway/k",
        "deleted",
        "available",
      ],
      ["ec2:instance", "arn:aws:ec2:r:1:instance/k", "terminated", "running"],
    ] as const;
    for (const [type, id, gone, there] of cases) {
      const asked = check(type, id);
      assert.ok(asked);
      assert.ok(asked.args.some((word) => word === "k" || word === id));
      assert.match(gone, asked.gone);
      assert.doesNotMatch(there, asked.gone);
    }
    assert.equal(check("s3:bucket", "b"), undefined);
  });

  it("names each once", () => {
    const one = { type: "a", id: "x", place: "", owner: "", expiry: "" };
    assert.deepEqual(distinct([one, { ...one, id: "b" }, one]), [
      { ...one, id: "b" },
      one,
    ]);
  });

  it("refuses an answer that is none", () => {
    assert.throws(() => first(questions).read("{}"));
  });
});

describe("audit of Google Cloud", () => {
  const question = first(gcpQuestions("pr-1", "ml-platform"));
  const read = (resource: object) =>
    question.read(
      JSON.stringify([
        {
          name: "//compute.googleapis.com/projects/ml-platform/global/networks/other",
          assetType: "compute.googleapis.com/Network",
          ...resource,
        },
      ]),
    );

  it("asks in the project", () => {
    assert.ok(question.args.includes("--scope=projects/ml-platform"));
  });

  it("finds what has the stack's label, whatever its name", () => {
    assert.deepEqual(read({ labels: { stack: "pr-1", owner: "ada" } }), [
      {
        type: "compute:Network",
        id: "compute.googleapis.com/projects/ml-platform/global/networks/other",
        place: "global",
        owner: "ada",
        expiry: "",
      },
    ]);
    assert.deepEqual(read({ labels: { stack: "pr-2" } }), []);
  });

  it("finds what has no labels by the words of its description", () => {
    const account = (description: string) =>
      read({ assetType: "iam.googleapis.com/ServiceAccount", description });
    assert.deepEqual(
      account("stack=pr-1 owner=ada expiry=2026-01-01t00-00-00z").map(
        ({ type, owner, expiry }) => [type, owner, expiry],
      ),
      [["iam:ServiceAccount", "ada", "2026-01-01t00-00-00z"]],
    );
    assert.deepEqual(account("stack=pr-1-2 owner=ada"), []);
  });

  it("finds by name what has no label, and nothing of a stack whose name is longer", () => {
    const network = (name: string) =>
      read({
        name: `//compute.googleapis.com/projects/p/global/networks/${name}`,
      });
    assert.equal(network("pr-1-network-vpc-1a2b3c4").length, 1);
    assert.equal(network("mlstack-pr-1").length, 1);
    assert.equal(network("pr-10-network").length, 0);
    assert.equal(network("pr-1-2").length, 0);
    assert.equal(network("other").length, 0);
  });

  it("finds accounts by what they are shown as", () => {
    assert.equal(read({ displayName: "Nodes of mlstack-pr-1" }).length, 1);
    assert.equal(read({ displayName: "Nodes of mlstack-pr-12" }).length, 0);
  });
});

describe("audit of Azure", () => {
  it("finds resources and the groups that hold them", () => {
    const questions = azureQuestions("pr-1", "sub");
    assert.deepEqual(
      questions.map(({ args }) => args.slice(0, 4).join(" ")),
      ["resource list --tag stack=pr-1", "group list --tag stack=pr-1"],
    );
    const group = {
      id: "/subscriptions/sub/resourceGroups/mlstack-pr-1",
      type: "Microsoft.Resources/resourceGroups",
      location: "westeurope",
      tags: { stack: "pr-1", owner: "ada" },
    };
    assert.deepEqual(first(questions).read(JSON.stringify([group])), [
      {
        type: group.type,
        id: group.id,
        place: "westeurope",
        owner: "ada",
        expiry: "",
      },
    ]);
  });
});
