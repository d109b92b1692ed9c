import assert from "node:assert/strict";

import fc from "fast-check";

import { amount } from "../../../infra/quantity";
import { compareInputs } from "../../../infra/provider/operations";
import { volumeSize } from "../../../infra/provider/volume-size";

const inputs = (size: string) => ({
  claim: "kafka/kafka-data",
  size,
  expandable: true,
});

const compare = (olds: string, news: string) =>
  compareInputs(volumeSize, "id", inputs(olds), inputs(olds), inputs(news));

describe("the size of a volume", () => {
  it("grows in place", async () => {
    for (const [olds, news] of [
      ["10Gi", "20Gi"],
      ["10Gi", "10240Mi"],
      ["900Mi", "1Gi"],
      ["1Ti", "2Pi"],
    ] as const) {
      const { changes } = await compare(olds, news);
      assert.deepEqual([...changes], [["size", "update"]], `${olds} ${news}`);
    }
  });

  it("that shrinks is refused by the name of the claim", async () => {
    await assert.rejects(
      compare("10Gi", "5Gi"),
      /^Error: volume kafka\/kafka-data: "5Gi": it has 10Gi, and no volume shrinks; write 10Gi or more$/,
    );
  });

  it("is compared by its amount, whatever its unit", async () => {
    const sizes = fc
      .tuple(
        fc.integer({ min: 1, max: 5000 }),
        fc.constantFrom("M", "Mi", "G", "Gi", "Ti"),
      )
      .map(([count, unit]) => `${count}${unit}`);
    await fc.assert(
      fc.asyncProperty(sizes, sizes, async (olds, news) => {
        const refused = await compare(olds, news).then(
          () => false,
          () => true,
        );
        assert.equal(refused, amount(news) < amount(olds));
      }),
    );
  });
});
