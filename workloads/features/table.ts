import { z } from "zod";

/** Configurable layout of a feature-store table. */
export const tableSchema = z.strictObject({
  type: z
    .enum(["merge-on-read", "copy-on-write"])
    .default("merge-on-read")
    .describe(
      "merge-on-read appends changes and merges them later; copy-on-write rewrites files at once",
    ),
  buckets: z
    .number()
    .int()
    .min(1)
    .max(4096)
    .default(2)
    .describe(
      "Files that each partition is split into by key; a key's file is known without a look-up",
    ),
  sortBy: z
    .array(z.string())
    .default([])
    .describe(
      "Columns by which compacted files are sorted, so that a reader can skip most of them",
    ),
  compactAfter: z
    .number()
    .int()
    .min(1)
    .max(1000)
    .default(8)
    .describe("Commits after which appended changes are merged into files"),
  keepDays: z
    .number()
    .int()
    .min(1)
    .max(3650)
    .default(30)
    .describe("Days for which every instant can be read again"),
});

/**
 * Commits that a table may keep. At each, Hudi lists the files of all of them some ten times: 0.03 s for a thousand
 * commits, 0.25 s for these, on the local stack's store.
 */
export const mostInstants = 5000;

/** Layout of a table. */
export type Table = z.output<typeof tableSchema>;

/** Keys of a table: record key, partition and ordering. */
export interface TableKeys {
  readonly key: readonly string[];
  /**
   * Column that ends the record key, of values without a comma and a colon: a day, or `keyEnd`. The hash of a row's
   * bucket is taken of the others. Hudi reads them out of `column:value,column:value`, and never comes to an end
   * where it finds no column's name after a comma of a text. A key of numbers or times needs none.
   */
  readonly keyEnd?: string;
  /** Absent in a table that is not partitioned. */
  readonly partition?: string;
  /**
   * Ordering field: of two rows with the same key, the one with the greater value is kept; without it, the one written
   * last.
   */
  readonly ordering?: string;
}

/** The column that ends the record key of a table without partitions; the jobs add it, and readers leave it out. */
export const keyEnd = "_key_end";

/** Settings of the table in Hudi's words; the causes stand beside those that are not plain. */
export function hudiSettings(
  table: Table,
  keys: TableKeys,
): Record<string, string> {
  return {
    "hoodie.datasource.write.table.type":
      table.type === "merge-on-read" ? "MERGE_ON_READ" : "COPY_ON_WRITE",
    "hoodie.datasource.write.recordkey.field": [
      ...keys.key,
      ...(keys.keyEnd === undefined ? [] : [keys.keyEnd]),
    ].join(","),
    // Without it, a deletion writes a time of the key as a number and an upsert as text: two keys, and nothing deleted.
    "hoodie.datasource.write.keygenerator.consistent.logical.timestamp.enabled":
      "true",
    ...(keys.partition === undefined
      ? {
          "hoodie.datasource.write.keygenerator.class":
            "org.apache.hudi.keygen.NonpartitionedKeyGenerator",
        }
      : {
          "hoodie.datasource.write.partitionpath.field": keys.partition,
          "hoodie.datasource.write.hive_style_partitioning": "true",
        }),
    ...(keys.ordering === undefined
      ? { "hoodie.write.record.merge.mode": "COMMIT_TIME_ORDERING" }
      : {
          "hoodie.write.record.merge.mode": "EVENT_TIME_ORDERING",
          "hoodie.table.ordering.fields": keys.ordering,
        }),
    ...index(table, keys),
    ...compaction(table),
    ...cleaning(table),
    ...records,
    ...spared,
  };
}

// By hash, an upsert knows the file of a key; the default reads Bloom filters of every file that may hold it.
function index({ buckets }: Table, { key }: TableKeys): Record<string, string> {
  return {
    "hoodie.index.type": "BUCKET",
    "hoodie.bucket.index.num.buckets": String(buckets),
    "hoodie.bucket.index.hash.field": key.join(","),
  };
}

function compaction({
  type,
  compactAfter,
  sortBy,
}: Table): Record<string, string> {
  return {
    ...(type === "merge-on-read"
      ? {
          "hoodie.compact.inline": "true",
          "hoodie.compact.inline.max.delta.commits": String(compactAfter),
        }
      : {}),
    ...(sortBy.length === 0
      ? {}
      : {
          "hoodie.clustering.inline": "true",
          "hoodie.clustering.inline.max.commits": String(compactAfter),
          "hoodie.clustering.plan.strategy.sort.columns": sortBy.join(","),
        }),
  };
}

// By hours, whatever number of commits that is: an instant that a model was trained on stays readable.
function cleaning({ keepDays }: Table): Record<string, string> {
  return {
    "hoodie.clean.policy": "KEEP_LATEST_BY_HOURS",
    "hoodie.clean.hours.retained": String(Math.ceil(keepDays * 24)),
    // A look for old files lists the table; it need not follow every commit.
    "hoodie.clean.trigger.max.commits": "8",
  };
}

// Rows stay Spark's own until they are merged.
const records: Readonly<Record<string, string>> = {
  "hoodie.write.record.merge.custom.implementation.classes":
    "org.apache.hudi.DefaultSparkRecordMerger",
  // For a block in Parquet, Hudi's InLineFsDataInputStream leaves its stream open: each holds a connection to the
  // store, and a job hangs once all 500 of fs.s3a.connection.maximum are in use.
  "hoodie.logfile.data.block.format": "avro",
  // Hudi keeps the records of a block on the heap until the block is full. Blocks of its default, 256 MB, ended executors
  // of 1 GB that appended 600,000 events to a file.
  "hoodie.logfile.data.block.max.size": String(16 * 2 ** 20),
  // The jobs bring each key once; Spark finds doubles at a third of what Hudi takes for it.
  "hoodie.combine.before.upsert": "false",
};

/** Features for tables of thousands of files, which cost more than they save below that. */
const spared: Readonly<Record<string, string>> = {
  "hoodie.table.timeline.timezone": "UTC",
  "hoodie.metadata.enable": "false",
  "hoodie.embed.timeline.server": "false",
  "hoodie.write.markers.type": "DIRECT",
  "hoodie.parquet.compression.codec": "snappy",
};
