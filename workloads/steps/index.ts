import type { Kind, StepOf } from "../schema/step";
import { job } from "./job";
import { pipeline } from "./pipeline";
import type { Runner } from "./runner";
import { serve } from "./serve";
import { spark } from "./spark";
import { training } from "./training";

/** Runner of each kind of step. */
export const runners = {
  spark,
  job,
  pytorch: training("pytorch"),
  tensorflow: training("tensorflow"),
  xgboost: training("xgboost"),
  pipeline,
  serve,
} as const satisfies { readonly [K in Kind]: Runner<StepOf<K>> };
