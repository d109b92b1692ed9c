/** How one job of a workload went. */
export interface WorkloadReport {
  readonly name: string;
  readonly kind: string;
  readonly namespace: string;
  readonly state: string;
  readonly seconds?: number;
  readonly rows?: number;
  readonly metrics: Readonly<Record<string, number>>;
  /** Seconds from the creation of the job. */
  readonly startup: {
    readonly driver?: number;
    readonly firstExecutor?: number;
  };
  readonly error?: string;
  /** What keeps a job that has not ended from running. */
  readonly waiting?: string;
}
