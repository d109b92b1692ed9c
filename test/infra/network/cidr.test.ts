import assert from "node:assert/strict";

import fc from "fast-check";

import {
  address,
  checkOverlaps,
  checkPodRanges,
  formatCidr,
  overlaps,
  parseCidr,
  subnet,
} from "../../../infra/network/cidr";

const ranges = fc
  .record({
    address: fc.nat(2 ** 32 - 1),
    bits: fc.integer({ min: 0, max: 32 }),
  })
  .map(({ address: any, bits }) => ({
    first: any - (any % 2 ** (32 - bits)),
    bits,
  }));

describe("ranges of addresses", () => {
  it("read what they write", () => {
    fc.assert(
      fc.property(ranges, (range) =>
        assert.deepEqual(parseCidr(formatCidr(range)), range),
      ),
    );
  });

  it("are refused when they are none", () => {
    for (const text of [
      "10.0.0.0",
      "10.0.0.1/24",
      "10.0.0.0/33",
      "256.0.0.0/8",
      "::/0",
    ]) {
      assert.equal(parseCidr(text), undefined, text);
    }
  });

  it("overlap where the first address of one lies in the other", () => {
    fc.assert(
      fc.property(ranges, ranges, (one, other) => {
        const end = one.first + 2 ** (32 - one.bits);
        const otherEnd = other.first + 2 ** (32 - other.bits);
        assert.equal(
          overlaps(one, other),
          one.first < otherEnd && other.first < end,
        );
      }),
    );
  });

  it("divide into subnets that do not overlap", () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 7 }), (n) => {
        const [earlier, later] = [n - 1, n].map((index) =>
          parseCidr(subnet("10.20.0.0/16", 3, index)),
        );
        assert.ok(earlier && later && !overlaps(earlier, later));
      }),
    );
    assert.equal(subnet("10.20.0.0/16", 2, 3), "10.20.192.0/18");
    assert.throws(() => subnet("10.20.0.0/16", 2, 4), /no subnet 4/);
    assert.equal(address("10.41.0.0/16", 10), "10.41.0.10");
  });

  it("hold the pods of as many nodes as they have ranges of one node's", () => {
    const told = (value: string, nodes: number) =>
      checkPodRanges("pods", value, 24, nodes).map(({ remedy }) => remedy);
    assert.deepEqual(told("10.244.0.0/16", 256), []);
    assert.deepEqual(told("10.244.0.0/22", 4), []);
    assert.match(
      told("10.244.0.0/22", 7).join(),
      /pods of 4 nodes, \/24 each, and there are up to 7; write a range of \/21 or wider/,
    );
    assert.match(told("10.244.0.0/24", 257).join(), /a range of \/15 or wider/);
  });

  it("are named in pairs that overlap", () => {
    assert.deepEqual(
      checkOverlaps([
        { path: "a", value: "10.0.0.0/8" },
        { path: "b", value: "192.168.0.0/16" },
        { path: "c", value: "10.1.0.0/16" },
      ]).map(({ path }) => path),
      ["c"],
    );
  });
});
