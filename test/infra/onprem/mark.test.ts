import assert from "node:assert/strict";

import {
  type ClusterMark,
  markText,
  membership,
  newClusterId,
  readMark,
} from "../../../infra/onprem/mark";

const own = { id: newClusterId(), owner: "urn:pulumi:a::b::c::d" };
const mark = (changes: Partial<ClusterMark> = {}): ClusterMark => ({
  ...own,
  state: "complete",
  ...changes,
});

describe("mark of a host", () => {
  it("is read as it was written, and not from anything else", () => {
    for (const state of ["begun", "joined", "complete"] as const) {
      assert.deepEqual(readMark(markText(mark({ state }))), mark({ state }));
    }
    for (const text of ["", "id x", "something else", "id x\nowner y\nstate z"])
      assert.equal(readMark(text), undefined, text);
  });

  it("makes a member by the ID alone", () => {
    const part = (changes: Partial<ClusterMark>) =>
      membership(mark(changes), own);
    assert.equal(part({}), "member");
    assert.equal(part({ state: "joined" }), "member");
    assert.equal(part({ owner: "urn:another" }), "member");
    assert.equal(part({ id: "another" }), "foreign");
  });

  it("leaves what never was whole to who began it", () => {
    const part = (changes: Partial<ClusterMark>) =>
      membership(mark(changes), own);
    assert.equal(part({ state: "begun" }), "unfinished");
    assert.equal(part({ state: "begun", id: "another" }), "unfinished");
    assert.equal(part({ state: "joined", id: "another" }), "unfinished");
    assert.equal(
      part({ state: "begun", id: "another", owner: "urn:b" }),
      "foreign",
    );
  });

  it("of releases before there were IDs belongs to their state alone", () => {
    const old = readMark(`${own.owner}\n`);
    assert.ok(old);
    assert.equal(membership(old, { ...own, id: "mlstack-onprem" }), "member");
    assert.equal(membership(old, own), "foreign");
  });
});
