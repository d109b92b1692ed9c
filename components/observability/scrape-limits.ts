/**
 * Limits on one scrape of a target, and on the targets of a job; a job or scrape that exceeds them fails as a whole.
 */
export interface ScrapeLimits {
  /** Samples of a target. */
  readonly samples: number;
  readonly targets: number;
  /** Uncompressed answer of a target, as Prometheus writes sizes. */
  readonly bodySize: string;
  /** Labels of a sample. */
  readonly labels: number;
  /** Characters of a label's name. */
  readonly labelName: number;
  /** Characters of a label's value. */
  readonly labelValue: number;
}

/**
 * Limits for the pods of one team, which are a job of their own: otherwise one pod with more series than Prometheus has
 * memory for would end it, and one team with more targets than a job may have would end the scrapes of all. A Spark
 * driver has about a thousand samples.
 */
export const ofTeam: ScrapeLimits = {
  samples: 5_000,
  targets: 100,
  bodySize: "4MB",
  labels: 40,
  labelName: 128,
  labelValue: 1_024,
};

/** Limits for the metrics that all teams push together. */
export const ofPushes: ScrapeLimits = {
  ...ofTeam,
  samples: 20_000,
  targets: 10,
  bodySize: "16MB",
};

/**
 * Limits for every other job of a Prometheus with 1 GiB of memory: the parts of the platform, which report on the
 * objects of all teams.
 */
export const ofPlatform: ScrapeLimits = {
  samples: 100_000,
  targets: 1_000,
  bodySize: "64MB",
  labels: 100,
  labelName: 256,
  labelValue: 4_096,
};

/** Upper bound of what any monitor of the chart's Prometheus may ask for, API servers and kubelets included. */
export const ofCluster: ScrapeLimits = {
  ...ofPlatform,
  samples: 500_000,
  targets: 5_000,
};

/**
 * The limits as `prometheus.yml` has them.
 * @see https://prometheus.io/docs/prometheus/latest/configuration/configuration/#scrape_config
 */
export function scrapeConfigLimits(limits: ScrapeLimits) {
  return {
    sample_limit: limits.samples,
    target_limit: limits.targets,
    body_size_limit: limits.bodySize,
    label_limit: limits.labels,
    label_name_length_limit: limits.labelName,
    label_value_length_limit: limits.labelValue,
  };
}

/** The limits as a PodMonitor has them. */
export function monitorLimits(limits: ScrapeLimits) {
  return {
    sampleLimit: limits.samples,
    targetLimit: limits.targets,
    bodySizeLimit: limits.bodySize,
    labelLimit: limits.labels,
    labelNameLengthLimit: limits.labelName,
    labelValueLengthLimit: limits.labelValue,
  };
}

/** The limits as the specification of a Prometheus enforces them, by those of the chart's values. */
export function enforcedLimits(limits: ScrapeLimits) {
  return {
    enforcedSampleLimit: limits.samples,
    enforcedTargetLimit: limits.targets,
    enforcedLabelLimit: limits.labels,
    enforcedLabelNameLengthLimit: limits.labelName,
    enforcedLabelValueLengthLimit: limits.labelValue,
  };
}
