import { z } from "zod";

import type { Audit } from "../target";
import { clusterName } from "./cluster-name";
import { placeFields } from "./inputs";
import { Layout } from "./layout";
import { remainsOf } from "./remains";

const placeSchema = z.looseObject({
  name: z.string().optional(),
  ...placeFields,
});

/** Looks for what is left on this machine. */
export const audit: Audit = {
  async look(stack, target, { own }) {
    const { name, ...places } = placeSchema.parse(target);
    const layout = new Layout({
      name: clusterName(stack, own ? name : undefined),
      ...z.object(placeFields).parse(places),
    });
    return (await remainsOf(layout)).map(({ kind, id }) => ({
      ...{ type: kind, id, place: "this machine", owner: "", expiry: "" },
    }));
  },
};
