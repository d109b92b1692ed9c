import { recordStack } from "./stack-program";

/** Specification of the ingestion of a streamed `clickstream`, as the stack registers it. */
export async function recordedIngestion(ingest: object): Promise<unknown> {
  const { resources } = await recordStack("local", {
    kafka: { kind: "single", topics: [{ name: "events" }] },
    teams: [{ name: "ml", quota: { cpu: "64", memory: "256Gi" } }],
    streams: { clickstream: { topic: "events", ingest } },
  });
  return resources.find(
    ({ name, type }) =>
      name.endsWith("-ingest") && type.endsWith(":SparkApplication"),
  )?.inputs["spec"];
}
