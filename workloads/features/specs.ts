import { contractSpec } from "./contract";
import type { DataSet } from "./declare";
import { featureViewSpec } from "./feature-view";

/** What the jobs of a data set read: the contract's rules and each view, with the settings of their tables. */
export function specs({ contract, views }: DataSet) {
  return {
    contract: contractSpec(contract),
    views: views.map((view) => featureViewSpec(view, contract)),
  };
}
