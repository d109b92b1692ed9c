import { z } from "zod";

import { describeProblem } from "../problem";
import { amount, quantity } from "../quantity";
import type { ResourceKind } from "./resource";

const schema = z.strictObject({
  claim: z.string().min(1),
  size: quantity,
  expandable: z.boolean(),
});

type Inputs = z.output<typeof schema>;

/** Size of a volume, which grows and never shrinks. */
export const volumeSize: ResourceKind<Inputs, Inputs> = {
  type: "mlstack:index:VolumeSize",
  schema,
  diff: (_id, _outs, olds, news) => {
    if (amount(news.size) < amount(olds.size)) {
      throw new Error(
        describeProblem({
          path: `volume ${olds.claim}`,
          value: news.size,
          remedy: `it has ${olds.size}, and no volume shrinks; write ${olds.size} or more`,
        }),
      );
    }
    return { update: ["claim", "size", "expandable"] };
  },
  preview: (inputs) => inputs,
  create: (inputs) => Promise.resolve({ id: inputs.claim, outs: inputs }),
  update: (_id, _outs, news, context) => {
    if (!news.expandable)
      context.log(
        `volume ${news.claim}: its storage class grows no volumes; they have no size of their own, or keep the one they have`,
      );
    return Promise.resolve({ outs: news });
  },
};
