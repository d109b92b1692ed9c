/**
 * Compares the topic's records, regenerated from their seeds, with the tables in the buckets, read by Hudi's Rust core.
 */
export const countScript = `
import collections, json, os, sys
import pyarrow as pa, pyarrow.compute as pc, pyarrow.dataset as ds, pyarrow.fs as fs
from mlstack_features import FeatureStore
from stream.generator import generate

ids, faults, kinds = set(), collections.Counter(), collections.Counter()
for count, seed in json.loads(sys.argv[1]):
    for message in generate(count, seed):
        kinds[message.kind] += 1
        if message.kind in ("good", "late"):
            ids.add(json.loads(message.value)["event_id"])
        elif message.kind == "malformed":
            faults[message.fault] += 1
store = FeatureStore.at("s3://feature-store")
instant = store.history("clickstream_events")[-1].time
table = store.as_of("clickstream_events", instant, ["event_id"])
found = set(table["event_id"].to_pylist())
store = fs.S3FileSystem(endpoint_override=os.environ["AWS_ENDPOINT_URL"])
letters = ds.dataset("raw/rejected/clickstream_events/letters", filesystem=store, partitioning="hive").to_table()
places = set(zip(letters["partition"].to_pylist(), letters["offset"].to_pylist()))
print(json.dumps({
    "kinds": kinds, "faults": faults, "rows": table.num_rows, "keys": len(found),
    "lost": len(ids - found), "strangers": len(found - ids),
    "letters": letters.num_rows, "places": len(places), "reasons": collections.Counter(letters["reason"].to_pylist()),
}))
`;

/** Every row of views as of instants, as one hash each. */
export const digestScript = `
import hashlib, json, sys
from mlstack_features import FeatureStore

store = FeatureStore.at("s3://feature-store")
answer = {}
for view, instant in json.loads(sys.argv[1]):
    instant = instant or store.history(view)[-1].time
    rows = store.as_of(view, instant)
    rows = rows.select(sorted(rows.column_names)).sort_by([(key, "ascending") for key in store.keys(view)])
    digest = hashlib.sha256()
    for batch in rows.combine_chunks().to_batches():
        for column in batch.columns:
            digest.update(str(column.to_pylist()).encode())
    answer[view] = {"instant": instant, "rows": rows.num_rows, "digest": digest.hexdigest()}
print(json.dumps(answer))
`;

/** A user, the one with most events unless named; a hash of all rows of others; and how many rows it has, if named. */
export const withoutUserScript = `
import collections, hashlib, json, sys
import pyarrow.compute as pc
from mlstack_features import FeatureStore

store = FeatureStore.at("s3://feature-store")
named = json.loads(sys.argv[1])
rows = {table: store.as_of(table, store.history(table)[-1].time) for table in ("clickstream_events", "user_activity")}
users = collections.Counter(rows["clickstream_events"]["user_id"].to_pylist())
user = users.most_common(1)[0][0] if named is None else int(named)
digest, left = hashlib.sha256(), 0
for table, found in rows.items():
    others = found.filter(pc.not_equal(found["user_id"], user))
    left += found.num_rows - others.num_rows
    others = others.select(sorted(others.column_names)).sort_by([(key, "ascending") for key in store.keys(table)])
    for batch in others.combine_chunks().to_batches():
        for column in batch.columns:
            digest.update(str(column.to_pylist()).encode())
print(json.dumps([str(user), digest.hexdigest(), *([] if named is None else [left])]))
`;

/** The second data set's events, read from the file that the producer sends, against its table and a view. */
export const flightsScript = `
import itertools, json, pathlib, sys
from datetime import datetime, timedelta
from mlstack_features import FeatureStore
from stream.producer import read_events

sent = [json.loads(each.value) for each in itertools.islice(
    read_events(pathlib.Path("/opt/mlstack/data/flights.csv.zip"), "origin"), json.loads(sys.argv[1]))]
store = FeatureStore.at("s3://feature-store")
instant = store.history("flights_events")[-1].time
found = store.as_of("flights_events", instant, ["event_id"])["event_id"].to_pylist()
rows = store.as_of("airport_delays", store.history("airport_delays")[-1].time).to_pylist()
def known(each):
    # When it has left; a flight that was cancelled, when it should have.
    late = each.get("dep_delay", "NA")
    return datetime.fromisoformat(each["time_hour"]).replace(tzinfo=None) + timedelta(
        minutes=0 if late == "NA" else max(0, float(late)))

times = [(known(each), each) for each in sent]
wrong = 0
for row in rows:
    # The view's delayMinutes.
    until = row["valid_from"].replace(tzinfo=None) - timedelta(hours=1)
    inside = [each for time, each in times
              if each["origin"] == row["origin"] and until - timedelta(hours=3) <= time < until]
    delays = [float(each["dep_delay"]) for each in inside if each.get("dep_delay", "NA") != "NA"]
    mean = row["delay_3h"]
    same = mean is None if not delays else mean is not None and abs(mean - sum(delays) / len(delays)) < 1e-9
    wrong += row["flights_3h"] != len(inside) or not same
print(json.dumps({"lost": len({each["event_id"] for each in sent} - set(found)), "rows": len(found),
    "views": store.list(), "viewRows": len(rows), "wrong": wrong}))
`;

/** Sends people who do nothing but buy. */
export const shiftScript = `
import dataclasses, json, os, sys
from stream.generator import generate
from stream.kafka_settings import librdkafka_settings
from stream.producer import send

servers, count, seed = json.loads(sys.argv[1])
buying = (dataclasses.replace(each, value=json.dumps({**json.loads(each.value), "event": "purchase"}))
          for each in generate(count, seed) if each.kind == "good")
print(json.dumps(send(buying, "click-events", {"bootstrap.servers": servers, **librdkafka_settings(os.environ)}, 0)))
`;

/** Versions of a model that have what they were made of beside them. */
export const versionsScript = `
import json, os, sys
import pyarrow.fs as fs

store = fs.S3FileSystem(endpoint_override=os.environ["AWS_ENDPOINT_URL"])
found = store.get_file_info(fs.FileSelector(json.loads(sys.argv[1]), recursive=True))
print(json.dumps([each.path.split("/")[-2] for each in found if each.base_name == "reference.json"]))
`;

/** Output of {@link countScript}. */
export interface Counts {
  readonly kinds: Readonly<Record<string, number>>;
  readonly faults: Readonly<Record<string, number>>;
  readonly rows: number;
  readonly keys: number;
  readonly lost: number;
  readonly strangers: number;
  readonly letters: number;
  readonly places: number;
  readonly reasons: Readonly<Record<string, number>>;
}

/** Output of {@link digestScript}, per view. */
export interface Digest {
  readonly instant: string;
  readonly rows: number;
  readonly digest: string;
}

/** Output of {@link flightsScript}. */
export interface Flights {
  readonly lost: number;
  readonly rows: number;
  readonly views: readonly string[];
  readonly viewRows: number;
  readonly wrong: number;
}
