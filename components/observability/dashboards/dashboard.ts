/** Unit of a panel. */
export type Unit = "count" | "dollars" | "perSecond" | "seconds" | "share";

/** One question to Prometheus, and what its answers are called. */
export interface Query {
  /** PromQL; each series of its answer is a line. */
  readonly promql: string;
  /** Name of a series, with its labels as `{{label}}`. */
  readonly legend: string;
}

/** A chart of what some questions answer over time. */
export interface Panel {
  readonly title: string;
  readonly unit: Unit;
  readonly queries: readonly Query[];
}

/** A page of panels, in rows; Grafana and the console pages show the same ones. */
export interface Dashboard {
  /** Names its page and its file, such as `streams`. */
  readonly name: string;
  readonly title: string;
  readonly rows: readonly {
    readonly title: string;
    readonly panels: readonly Panel[];
  }[];
}
