import * as k8s from "@pulumi/kubernetes";
import * as pulumi from "@pulumi/pulumi";

import { containerSecurity, podSecurity } from "../pods/restricted-pod";
import { topicLines } from "./topic-properties";
import type { Topic } from "./topic-schema";

/** Arguments of the job that creates topics. */
export interface TopicsJobArgs {
  readonly namespace: pulumi.Input<string>;
  readonly image: pulumi.Input<string>;
  readonly servers: pulumi.Input<string>;
  readonly topics: readonly Topic[];
  readonly replicas: number;
}

/** A Job that makes the topics what they are declared to be; another declaration is another Job. */
export function topicsJob(
  name: string,
  args: TopicsJobArgs,
  opts: pulumi.CustomResourceOptions,
): k8s.batch.v1.Job {
  return new k8s.batch.v1.Job(
    name,
    {
      metadata: { namespace: args.namespace },
      spec: {
        backoffLimit: 6,
        template: {
          spec: {
            restartPolicy: "Never",
            automountServiceAccountToken: false,
            securityContext: podSecurity(kafkaUser),
            containers: [
              {
                name: "topics",
                image: args.image,
                command: ["/bin/sh", "-c", 'printf "%s\\n" "$TOPICS" | topics'],
                env: [
                  { name: "KAFKA_SERVERS", value: args.servers },
                  {
                    name: "TOPICS",
                    value: topicLines(args.topics, args.replicas),
                  },
                ],
                resources: {
                  requests: { cpu: "50m", memory: "192Mi" },
                  limits: { memory: "384Mi" },
                },
                securityContext: containerSecurity,
              },
            ],
          },
        },
      },
    },
    opts,
  );
}

/** Pods of the Kafka image run as its user. */
export const kafkaUser = 1001;
