import * as pulumi from "@pulumi/pulumi";

import type { JobEnd } from "../../components/job-end";
import { ingestEvents, produceEvents } from "./event-jobs";
import { answerQuestions } from "./feature-questions";
import { Ground, type StreamedDataSetArgs } from "./ground";
import { trainModels } from "./model-jobs";
import { serveOnline } from "./online-features";
import { computeViews } from "./view-jobs";

/** A data set from its topic to its feature views: events in, validated and upserted; features out, offline and online. */
export class StreamedDataSet extends pulumi.ComponentResource {
  /** How each job that ends did, in the order in which they ran. */
  readonly ends: readonly JobEnd[];

  constructor(
    name: string,
    args: StreamedDataSetArgs,
    opts?: pulumi.ComponentResourceOptions,
  ) {
    super("mlstack:workloads:StreamedDataSet", name, {}, opts);
    const ground = new Ground(name, args, this);
    const client = args.kafka.client(args.team.namespace, args.teamName);
    const after = args.after ?? [];
    const produced = produceEvents(ground, client, after);
    const ingested = ingestEvents(ground, client, produced, after);
    const views = computeViews(ground, ingested);
    const models = trainModels(ground, ingested, views);
    serveOnline(ground, [...views.values()]);
    answerQuestions(ground);
    this.ends = [...produced, ...ingested, ...views.values(), ...models];
    this.registerOutputs();
  }
}
