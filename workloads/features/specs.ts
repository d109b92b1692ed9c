import { contractSpec } from "./contract";
import type { DataSet } from "./data-set";
import { featureModelSpec } from "./feature-model";
import { featureViewSpec } from "./feature-view";

/** What the jobs of a data set read: the contract's rules and each view, with the settings of their tables, and each model. */
export function specs({ contract, views, models }: DataSet) {
  return {
    contract: contractSpec(contract),
    views: views.map((view) => featureViewSpec(view, contract)),
    models: models.map((model) => featureModelSpec(model, views, contract)),
  };
}
