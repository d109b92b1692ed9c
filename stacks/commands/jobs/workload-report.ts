import type { NodeUse } from "../../../infra/provider/node-use";
import type { Dollars } from "../../cost/run-cost";

/** Report of one job of a workload. */
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
  /** Whether it has ended otherwise than well, so that it may be run again. */
  readonly failed?: boolean;
  /** Whether it ended before the `up` that the report is of, which left it as it was. */
  readonly earlier?: boolean;
  /** Identity of the run. */
  readonly uid?: string;
  /** ISO instants of its creation and its end. */
  readonly startedAt?: string;
  readonly finishedAt?: string;
  /** Node resources that its pods requested, as far as observed. */
  readonly nodeUse?: readonly NodeUse[];
  /** Cost by the list prices of its pools; absent where unknown. */
  readonly cost?: Dollars;
  /** Reason why a pending job is not running. */
  readonly waiting?: string;
}
