import { amount } from "../../infra/quantity";
import type { Topic } from "./topic-schema";

/** Properties of a topic, by the names that Kafka gives them. */
export function topicProperties(topic: Topic): Record<string, string> {
  return {
    "retention.ms": String(Math.round(topic.retentionHours * 3_600_000)),
    ...(topic.retentionBytes === undefined
      ? {}
      : { "retention.bytes": String(amount(topic.retentionBytes)) }),
  };
}

/** The declaration as the image's `topics` command reads it: one line per topic. */
export function topicLines(topics: readonly Topic[], replicas: number): string {
  return topics
    .map((topic) =>
      [
        topic.name,
        topic.partitions,
        replicas,
        ...Object.entries(topicProperties(topic)).map(
          ([key, value]) => `${key}=${value}`,
        ),
      ].join(" "),
    )
    .join("\n");
}
