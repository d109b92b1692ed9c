import { amount, jvmMebibytes } from "../../infra/quantity";
import { executorCount, type JvmSize, type SparkJobSize } from "./job-size";

/** Serialization as Hudi wants it. */
const hudiConf = {
  "spark.serializer": "org.apache.spark.serializer.KryoSerializer",
  "spark.kryo.registrator": "org.apache.spark.HoodieSparkKryoRegistrar",
};

/** Settings of every job, whatever its size. */
const anySizeConf = {
  // Times in the data carry no zone: every driver and executor must read them alike.
  "spark.sql.session.timeZone": "UTC",
  "spark.ui.enabled": "false",
  "spark.kubernetes.driver.service.deleteOnTermination": "true",
  "spark.kubernetes.allocation.batch.delay": "200ms",
};

/** Settings of the product's own Spark job on Kubernetes; a job's own options stand in its code. */
export const sparkConf: Record<string, string> = {
  ...hudiConf,
  ...anySizeConf,
  "spark.sql.shuffle.partitions": "2",
  // Jobs of seconds end before the second compiler pays; its threads would take the cores from the job.
  "spark.driver.defaultJavaOptions": "-XX:+UseSerialGC -XX:TieredStopAtLevel=1",
  "spark.executor.defaultJavaOptions":
    "-XX:+UseSerialGC -XX:TieredStopAtLevel=1",
};

/** Heap, in MiB, from which on a collector that stops all threads takes longer than a heartbeat. */
const largeHeap = 4096;

/**
 * Settings of a team's own Spark job, by its size: `sparkConf` is for jobs of seconds on two cores, and is wrong for
 * large ones.
 *
 * @param options.hudi whether the image has Hudi, as those made from the platform's have
 * @param options.spot whether the executors' nodes may be taken away
 */
export function sparkConfFor(
  size: SparkJobSize,
  options: { readonly hudi: boolean; readonly spot: boolean },
): Record<string, string> {
  const { driver, executor } = size;
  const tasks =
    executor === "none" ? driver.cores : executor.cores * executorCount(size);
  const short = executor === "none" && !isLarge(driver);
  return {
    ...(options.hudi ? hudiConf : {}),
    ...anySizeConf,
    // Adaptive execution joins partitions and makes none.
    "spark.sql.shuffle.partitions": String(Math.max(2, 2 * tasks)),
    "spark.driver.defaultJavaOptions": `${collector(driver)}${short ? " -XX:TieredStopAtLevel=1" : ""}`,
    ...(executor === "none"
      ? {}
      : { "spark.executor.defaultJavaOptions": collector(executor) }),
    ...(options.spot || (executor !== "none" && executor.max !== undefined)
      ? {
          // An executor that goes, with its node or for want of tasks, hands on what it has computed.
          "spark.decommission.enabled": "true",
          "spark.storage.decommission.enabled": "true",
          "spark.storage.decommission.shuffleBlocks.enabled": "true",
          "spark.storage.decommission.rddBlocks.enabled": "true",
        }
      : {}),
  };
}

function isLarge({ cores, cpuRequest, memory }: JvmSize): boolean {
  return (
    jvmMebibytes(memory) > largeHeap || Math.max(cores, amount(cpuRequest)) > 2
  );
}

function collector(size: JvmSize): string {
  return isLarge(size) ? "-XX:+UseG1GC" : "-XX:+UseSerialGC";
}
