import { clickstreamDataSet } from "./clickstream/data-set";
import type { DataSetDeclaration } from "./features/declare";
import { flightsDataSet } from "./flights/data-set";

/** Data sets by name: a second one is a declaration, and a line here. */
export const dataSets = {
  clickstream: clickstreamDataSet,
  flights: flightsDataSet,
} as const satisfies Record<string, DataSetDeclaration>;

/** Name of a data set in a stack's file. */
export type DataSetName = keyof typeof dataSets;
