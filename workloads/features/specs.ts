import { contractSpec } from "./contract";
import type { DataSet } from "./data-set";
import { featureModelSpec } from "./feature-model";
import { featureViewSpec } from "./feature-view";

/** Specifications that a data set's jobs read: contract, views with the settings of their tables, and models. */
export function specs({ contract, views, models }: DataSet) {
  return {
    contract: contractSpec(contract),
    views: views.map((view) => featureViewSpec(view, contract)),
    models: models.map((model) => featureModelSpec(model, views, contract)),
  };
}
