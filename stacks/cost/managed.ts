import type { Price, PriceTable } from "../../infra/prices/table";
import { oldestOf } from "./sum";

/** Prices of a cloud that managed services are compared on. */
export interface ManagedPrices {
  readonly machines: Pick<PriceTable, "machine" | "spot">;
  readonly managed: PriceTable["fee"];
}

/** Inputs of the comparison. */
export interface ManagedInputs {
  readonly eks: ManagedPrices;
  readonly gke: ManagedPrices;
  readonly aks: ManagedPrices;
  /** US dollars a month of the stacks `aws` and `gcp` when they are idle. */
  readonly floors: { readonly aws: number; readonly gcp: number };
}

/** Seconds from the submission of a job to its first executor. */
export const startUp = {
  /** Warm, and with images to pull: measured on a local stack of two cores. */
  own: { warm: 9, first: 24 },
  /** Start-up time of the managed service, from a talk; a word next to the number is inaudible in its recording. */
  managed: 66,
};

/** The job of the comparison: ten useful minutes of every hour on eight machines. */
export const job = {
  machines: 8,
  usefulMinutes: 10,
  /** Until a node that the autoscaler asks for takes pods. */
  nodeStartMinutes: 1.5,
  /** A managed cluster created for each job has an additional primary node, and takes this long to create. */
  managed: { machines: 9, startMinutes: 6 },
};

/** Idle minutes before the autoscaler removes a node: the default, and two shorter delays. */
export const delays = [10, 2, 1] as const;

/** A managed service beside the machines that it runs on. */
interface Uplift {
  readonly service: string;
  readonly on: string;
  /** Price over that of the same machine on demand. */
  readonly times: number;
  readonly oldest: string;
}

/** Managed services beside the same machines; those of which a price is missing by their names. */
export function uplifts(prices: ManagedInputs): {
  readonly known: readonly Uplift[];
  readonly unknown: readonly string[];
} {
  const { eks, gke, aks } = prices;
  const known: Uplift[] = [];
  const unknown: string[] = [];
  const add = (
    service: string,
    { machines, managed }: ManagedPrices,
    [region, machine]: readonly [string, string],
    items: readonly string[],
    hour: (usd: readonly number[], machine: number) => number,
  ) => {
    const base = machines.machine(region, machine);
    const fees = items.map((item) => managed(region, item));
    const found = fees.filter((fee): fee is Price => fee !== undefined);
    if (!base || found.length < items.length) {
      unknown.push(service);
      return;
    }
    const usd = found.map((fee) => fee.usd);
    known.push({
      ...{ service, on: `${machine}, ${region}` },
      times: hour(usd, base.usd) / base.usd,
      oldest: oldestOf([base, ...found].map(({ source }) => source)) ?? "",
    });
  };
  const m7i = ["us-east-1", "m7i.2xlarge"] as const;
  const n2 = ["us-central1", "n2-standard-8"] as const;
  add(
    "EMR on EC2",
    eks,
    m7i,
    ["emr-on-ec2-uplift"],
    ([share = 0], own) => own * (1 + share),
  );
  add(
    "EMR on EKS",
    eks,
    m7i,
    ["emr-on-eks-vcpu", "emr-on-eks-memory"],
    ([vcpu = 0, gb = 0], own) => own + 8 * vcpu + 32 * gb,
  );
  add(
    "EMR Serverless",
    eks,
    m7i,
    ["emr-serverless-vcpu", "emr-serverless-memory"],
    ([vcpu = 0, gb = 0]) => 8 * vcpu + 32 * gb,
  );
  add(
    "SageMaker training",
    eks,
    ["us-east-1", "m5.2xlarge"],
    ["sagemaker-training:ml.m5.2xlarge"],
    ([hour = 0]) => hour,
  );
  add(
    "SageMaker training, L4",
    eks,
    ["us-west-2", "g6.2xlarge"],
    ["sagemaker-training:ml.g6.2xlarge"],
    ([hour = 0]) => hour,
  );
  add(
    "MSK",
    eks,
    ["us-east-1", "m7g.large"],
    ["msk:kafka.m7g.large"],
    ([hour = 0]) => hour,
  );
  add(
    "Dataproc on Compute Engine",
    gke,
    n2,
    ["dataproc-uplift"],
    ([vcpu = 0], own) => own + 8 * vcpu,
  );
  // A vCPU is 0.6 of a data compute unit, a GB 0.1.
  add(
    "Dataproc serverless",
    gke,
    n2,
    ["dataproc-serverless-dcu"],
    ([unit = 0]) => (8 * 0.6 + 32 * 0.1) * unit,
  );
  add(
    "Vertex AI training",
    gke,
    ["us-central1", "n1-standard-4"],
    ["vertex-training:n1-standard-4"],
    ([hour = 0]) => hour,
  );
  add(
    "Synapse Spark",
    aks,
    ["westeurope", "Standard_D8s_v5"],
    ["synapse-spark"],
    ([core = 0]) => 8 * core,
  );
  add(
    "Databricks jobs",
    aks,
    ["eastus", "Standard_D8s_v5"],
    ["databricks-units:Standard_D8s_v5"],
    ([hour = 0], own) => own + hour,
  );
  return { known, unknown };
}

/** Self-run cost relative to managed: spot against on-demand where a share of the executors is on spot. */
export function ratio(
  multiplier: number,
  spotShare: number,
  discount: number,
): number {
  return (1 - spotShare * discount) / multiplier;
}

/** Spot prices of a machine over its price on demand, and of when they are. @throws {Error} without them */
export function spotOf(
  { machines }: ManagedPrices,
  region: string,
  type: string,
) {
  const onDemand = machines.machine(region, type);
  const spot = machines.spot(region, type);
  if (!onDemand || !spot) throw new Error(`prices: no spot price of ${type}`);
  return {
    low: spot.low.usd / onDemand.usd,
    high: spot.high.usd / onDemand.usd,
    date: { low: spot.low.source.date, high: spot.high.source.date },
  };
}

/** Share of the managed bill, by minutes that a node waits before it goes. */
export function byDelay(
  delay: number,
  multiplier: number,
  price: number,
): number {
  const own = job.machines * (job.nodeStartMinutes + job.usefulMinutes + delay);
  const { machines, startMinutes } = job.managed;
  const managed = machines * (startMinutes + job.usefulMinutes) * multiplier;
  return (own * price) / managed;
}
