import { recordStack } from "./stack-program";

/** Specification of the ingestion of a streamed `clickstream`, as the stack registers it: of a topic unless a source is given. */
export async function recordedIngestion(
  ingest: object,
  source: object = { topic: "events" },
): Promise<unknown> {
  const { resources } = await recordStack("local", {
    kafka: { kind: "single", topics: [{ name: "events" }] },
    teams: [{ name: "ml", quota: { cpu: "64", memory: "256Gi" } }],
    streams: { clickstream: { ...source, ingest } },
  });
  return resources.find(
    ({ name, type }) =>
      name.endsWith("-ingest") && type.endsWith(":SparkApplication"),
  )?.inputs["spec"];
}
