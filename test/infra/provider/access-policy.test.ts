import assert from "node:assert/strict";

import { accessPolicy } from "../../../infra/provider/access-policy";

interface Statement {
  readonly Effect: string;
  readonly Action: readonly string[];
  readonly Resource: readonly string[];
}

const statements = (document = "{}") =>
  (JSON.parse(document) as { Statement: Statement[] }).Statement;

describe("accessPolicy", () => {
  it("names the granted buckets and no other, whatever the order", () => {
    const one = accessPolicy([
      { bucket: "raw", access: "read" },
      { bucket: "models", access: "write" },
      { bucket: "feature-store", access: "read" },
    ]);
    const other = accessPolicy([
      { bucket: "feature-store", access: "read" },
      { bucket: "raw", access: "read" },
      { bucket: "models", access: "write" },
    ]);
    assert.equal(one, other);
    const changed = statements(one)
      .filter(({ Action }) =>
        Action.some((action) => /Put|Delete/.test(action)),
      )
      .flatMap(({ Resource }) => Resource);
    assert.deepEqual(changed, ["arn:aws:s3:::models/*"]);
    const all = statements(one).flatMap(({ Resource }) => Resource);
    assert.deepEqual(
      [...new Set(all.map((arn) => arn.replace(/\/\*$/, "")))].sort(),
      ["arn:aws:s3:::feature-store", "arn:aws:s3:::models", "arn:aws:s3:::raw"],
    );
  });

  it("lets nobody touch versions, policies or buckets", () => {
    const document = accessPolicy([{ bucket: "raw", access: "write" }]);
    for (const { Effect, Action } of statements(document)) {
      assert.equal(Effect, "Allow");
      for (const action of Action)
        assert.doesNotMatch(
          action,
          /Version|Policy|Acl|Bucket(?!Location|MultipartUploads|$)|[*?]/,
        );
    }
  });

  it("has no document for no grants", () =>
    assert.equal(accessPolicy([]), undefined));

  it("fits into what an account's policy may have with a dozen buckets", () => {
    const grants = Array.from({ length: 12 }, (_, index) => ({
      bucket: `models-of-a-team-with-a-name-${index}`,
      access: index % 2 ? ("read" as const) : ("write" as const),
    }));
    assert.ok((accessPolicy(grants) ?? "").length <= 2048);
  });
});
