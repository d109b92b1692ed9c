import type { DataSetDeclaration } from "../features/declare";

const actions = {
  product_views: "product_view",
  searches: "search",
  cart_adds: "add_to_cart",
  purchases: "purchase",
} as const;

/** The click-stream: what an event is, and the features made of events. A second data set is one more of these. */
export const clickstreamDataSet: DataSetDeclaration = {
  contract: {
    name: "clickstream_events",
    version: 1,
    owner: "ml",
    description: "what visitors of a shop do, an event a click",
    key: ["event_id"],
    eventTime: "timestamp",
    fields: {
      event_id: { type: "string", required: true },
      user_id: { type: "long", required: true, min: 0 },
      session_id: { type: "string", required: true },
      event: {
        type: "string",
        required: true,
        pattern: "^[a-z][a-z0-9_]{0,63}$",
      },
      timestamp: {
        type: "timestamp",
        required: true,
        min: "2000-01-01T00:00:00Z",
      },
      platform: { type: "string", otherwise: { default: "unknown" } },
      acquisition_channel: {
        type: "string",
        otherwise: { default: "unknown" },
      },
      user_cohort: { type: "string", otherwise: { default: "unknown" } },
      user_lifecycle: { type: "string", otherwise: { default: "unknown" } },
    },
  },
  views: [
    {
      name: "session_activity",
      version: 1,
      owner: "ml",
      description: "What happened in a session.",
      source: "clickstream_events",
      entity: "session_id",
      window: { kind: "whole" },
      schedule: "5 * * * *",
      features: {
        events: { description: "all events", aggregate: "count" },
        pages: {
          description: "kinds of events",
          aggregate: "distinct",
          of: "event",
        },
        ...counts(),
      },
      table: { buckets: 4 },
    },
    {
      name: "user_activity",
      version: 1,
      owner: "ml",
      description: "What a user did of late.",
      source: "clickstream_events",
      entity: "user_id",
      window: { kind: "trailing", hours: [1, 24, 168] },
      schedule: "10 * * * *",
      features: {
        events: { description: "all events", aggregate: "count" },
        ...counts(),
      },
    },
  ],
  models: [
    {
      name: "session_purchase",
      owner: "ml",
      description:
        "Whether somebody will buy in a session, from what they did before it.",
      source: "clickstream_events",
      example: "session_id",
      positive: { field: "event", in: ["purchase"] },
      view: "user_activity",
      drift: {},
    },
  ],
  sample: {
    package: "retentioneering==5.2.4",
    path: "retentioneering/datasets/ecom.csv.gz",
    key: "session_id",
  },
  synthetic: true,
};

function counts() {
  return Object.fromEntries(
    Object.entries(actions).map(([name, event]) => [
      name,
      {
        description: `events of the kind ${event}`,
        aggregate: "count" as const,
        where: { field: "event", in: [event] },
      },
    ]),
  );
}
