import assert from "node:assert/strict";

import fc from "fast-check";

import { commentMarker, previewComment } from "../../../stacks/preview/comment";
import type { ChartDiff } from "../../../stacks/preview/rendered-chart";
import { digestOf, step } from "./digest";

const bucket = "mlstack:infra:S3Bucket$aws:s3/bucket:Bucket";
const group = "aws:eks/nodeGroup:NodeGroup";

const steps = [
  step("create", "pulumi:pulumi:Stack", "mlstack-aws"),
  step("create", "kubernetes:core/v1:Namespace", "research"),
  step("update", group, "cpu", {
    before: { scalingConfig: { maxSize: 3 } },
    after: { scalingConfig: { maxSize: 5 } },
  }),
  step("delete", "aws:ec2/route:Route", "old-route", { before: { a: 1 } }),
  step(
    "replace",
    bucket,
    "raw-bucket",
    { before: { bucket: "old" }, after: { bucket: "new" } },
    { detailedDiff: { bucket: { kind: "update-replace" } } },
  ),
];

const chart: ChartDiff = {
  name: "spark-operator",
  before: use("2.4.0"),
  after: use("2.5.2"),
  manifests: [
    {
      object: "apps/v1 Deployment spark-operator/controller",
      change: "changed",
      lines: ["-image: operator:1", "+image: operator:2"],
    },
  ],
};

function use(version: string): ChartDiff["before"] {
  return {
    release: "spark-operator",
    namespace: "spark-operator",
    chart: "spark-operator",
    version,
    repositoryOpts: {},
    values: {},
    crds: true,
  };
}

describe("comment of a preview", () => {
  const text = previewComment({
    stack: "aws",
    digest: digestOf(steps, 90),
    charts: [chart],
  });

  it("says first what it costs", () => {
    const cost = ["**+12 USD a month at the floor**"];
    const costly = previewComment({
      ...{ stack: "aws", digest: digestOf([]), charts: [], cost },
    });
    const [mark, first] = costly.split("\n");
    assert.equal(mark, commentMarker("aws"));
    assert.equal(first, cost[0]);
  });

  it("begins with the mark by which it is found again", () => {
    assert.ok(text.startsWith(`${commentMarker("aws")}\n`));
  });

  it("counts what the engine counts", () => {
    assert.match(text, /2 to create, 1 to update, 1 to replace, 1 to delete/);
    assert.match(text, /\| 2 \| 1 \| 1 \| 1 \| 90 \|/);
  });

  it("puts what loses data first, then what goes, then the rest", () => {
    const order = ["raw-bucket", "old-route", "NodeGroup cpu", "research"];
    const places = order.map((name) => text.indexOf(name));
    assert.deepEqual(
      places,
      [...places].sort((a, b) => a - b),
    );
    assert.ok(!places.includes(-1));
    assert.match(text, /`raw-bucket` .* \*\*loses its objects\*\*/);
    assert.ok(
      text.indexOf("old-route") < text.indexOf("<details>"),
      "risky ones are not folded away",
    );
  });

  it("shows properties with their values and what forces a replacement", () => {
    assert.match(text, /^- {3}bucket: "old"$/m);
    assert.match(text, /^\+ {3}bucket: "new" {2}# forces the replacement$/m);
    assert.match(text, /^\+ {3}scalingConfig\.maxSize: 5$/m);
  });

  it("shows what a chart's new version does to its manifests", () => {
    assert.match(text, /spark-operator 2\.4\.0 → 2\.5\.2\): 1 changed/);
    assert.match(text, /^\+image: operator:2$/m);
  });

  it("warns of a chart that no longer has what holds data", () => {
    const object = "apiextensions.k8s.io/v1 CustomResourceDefinition a.b.io";
    const removed = { object, change: "removed", lines: [] } as const;
    const lossy = { ...chart, manifests: [removed] };
    const warning = previewComment({
      stack: "aws",
      digest: digestOf([]),
      charts: [lossy],
    });
    assert.match(warning, /\*\*loses data\*\* with `apiextensions/);
    assert.ok(!text.includes("loses data"));
  });

  it("says why manifests are not shown", () => {
    const failed = { ...chart, manifests: { error: "no such <chart>" } };
    assert.match(
      previewComment({ stack: "a", digest: digestOf([]), charts: [failed] }),
      /not shown, no such &lt;chart&gt;/,
    );
  });

  it("leaves the stack itself out", () => {
    assert.ok(!text.includes("pulumi:pulumi:Stack"));
  });

  it("is short where nothing changes", () => {
    const digest = digestOf([], 90);
    const none = previewComment({ stack: "aws", digest, charts: [] });
    assert.match(none, /no changes/);
    assert.ok(!none.includes("<details>"));
  });

  it("tells of a failure with its errors", () => {
    const digest = {
      ...digestOf([]),
      diagnostics: [
        { severity: "error", message: "error: pools[0].max: 0: raise it\n" },
        { severity: "warning", message: "warning: old" },
      ],
    };
    const failed = previewComment({ stack: "aws", digest, charts: [] });
    assert.match(failed, /the preview failed/);
    assert.match(failed, /^error: pools\[0\]\.max: 0: raise it$/m);
    assert.ok(!failed.includes("warning: old"));
  });

  it("stays within its limit, and says what it leaves out", () => {
    const many = Array.from({ length: 2000 }, (_, index) =>
      step("create", "kubernetes:core/v1:ConfigMap", `map-${index}`),
    );
    const digest = digestOf([...many, ...steps]);
    const long = previewComment({ stack: "aws", digest, charts: [chart] });
    assert.ok(long.length <= 65_536, String(long.length));
    assert.match(long, /# … \d+ more lines/);
    assert.match(long, /raw-bucket/);
    assert.equal(
      long.match(/<details>/g)?.length,
      long.match(/<\/details>/g)?.length,
    );
  });

  it("cannot be broken out of by a value", () => {
    fc.assert(
      fc.property(
        fc.string({ unit: fc.constantFrom("`", "\n", "x", "<", ">", "-") }),
        (value) => {
          const hostile = step("update", group, "cpu", {
            before: { [value]: "a", b: value },
            after: { [value]: "b", b: "c" },
          });
          const digest = digestOf([hostile]);
          const lines = previewComment({ stack: "aws", digest, charts: [] })
            .split("\n")
            .filter((line) => /^`{3,}/.test(line));
          assert.equal(lines.length, 2);
          assert.equal(lines[0], `${lines[1] ?? ""}diff`);
        },
      ),
    );
  });
});
