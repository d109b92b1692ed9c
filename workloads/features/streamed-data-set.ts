import * as pulumi from "@pulumi/pulumi";

import type { JobEnd } from "../../components/jobs/job-end";
import { ingestEvents, produceEvents } from "./event-jobs";
import { answerQuestions } from "./feature-questions";
import { DataSetContext, type StreamedDataSetArgs } from "./data-set-context";
import { trainModels } from "./model-jobs";
import { serveOnline } from "./online-features";
import { computeViews } from "./view-jobs";

/** A data set from its topic or table to its feature views: events in, validated and upserted; features out, offline and online. */
export class StreamedDataSet extends pulumi.ComponentResource {
  /** Ends of the jobs, in the order in which they ran. */
  readonly ends: readonly JobEnd[];

  constructor(
    name: string,
    args: StreamedDataSetArgs,
    opts?: pulumi.ComponentResourceOptions,
  ) {
    super("mlstack:workloads:StreamedDataSet", name, {}, opts);
    const context = new DataSetContext(name, args, this);
    const client =
      args.config.topic === undefined
        ? undefined
        : args.kafka?.client(args.team.namespace, args.teamName);
    const after = args.after ?? [];
    const produced = produceEvents(context, client, after);
    const ingested = ingestEvents(context, client, produced, after);
    const views = computeViews(context, ingested);
    const models = trainModels(context, ingested, views);
    serveOnline(context, [...views.values()]);
    answerQuestions(context);
    this.ends = [...produced, ...ingested, ...views.values(), ...models];
    this.registerOutputs();
  }
}
