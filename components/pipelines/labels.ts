/** Tells the report that a Job is a workload, and which content of a pipeline it runs. */
export const versionLabel = "mlstack.dev/pipeline-version";
