import assert from "node:assert/strict";

import { isRefusedSetting } from "../../../components/admission/spark-applications";
import { sparkConfFor } from "../../../components/spark/conf";
import { sparkJobSizeSchema } from "../../../components/spark/job-size";

const own = { hudi: false, spot: false };

describe("settings of a team's own Spark job", () => {
  it("grow with its size", () => {
    const size = sparkJobSizeSchema.parse({
      executor: { instances: 50, cores: 4, cpuRequest: "4", memory: "16g" },
    });
    const conf = sparkConfFor(size, own);
    assert.equal(conf["spark.sql.shuffle.partitions"], "400");
    assert.equal(conf["spark.executor.defaultJavaOptions"], "-XX:+UseG1GC");
    assert.equal(conf["spark.driver.defaultJavaOptions"], "-XX:+UseSerialGC");
  });

  it("suit seconds on two cores where it has no executors", () => {
    const conf = sparkConfFor(sparkJobSizeSchema.parse({}), own);
    assert.equal(conf["spark.sql.shuffle.partitions"], "4");
    assert.match(
      conf["spark.driver.defaultJavaOptions"] ?? "",
      /TieredStopAtLevel=1/,
    );
  });

  it("name no class of Hudi's in an image of one's own, and hand on what a spot node computed", () => {
    const size = sparkJobSizeSchema.parse({ executor: { instances: 2 } });
    assert.doesNotMatch(JSON.stringify(sparkConfFor(size, own)), /Hoodie/);
    const spot = sparkConfFor(size, { hudi: true, spot: true });
    assert.match(JSON.stringify(spot), /HoodieSparkKryoRegistrar/);
    assert.equal(spot["spark.decommission.enabled"], "true");
  });

  it("reckon with as many executors as there may be, and hand on what one that is let go has computed", () => {
    const executor = { instances: 1, max: 20, cores: 2 };
    const size = sparkJobSizeSchema.parse({ executor });
    const conf = sparkConfFor(size, own);
    assert.equal(conf["spark.sql.shuffle.partitions"], "80");
    assert.equal(
      conf["spark.storage.decommission.shuffleBlocks.enabled"],
      "true",
    );
  });

  it("are such as the cluster admits", () => {
    const size = sparkJobSizeSchema.parse({ executor: { instances: 2 } });
    const keys = Object.keys(sparkConfFor(size, { hudi: true, spot: true }));
    assert.deepEqual(keys.filter(isRefusedSetting), []);
    for (const key of [
      "spark.kubernetes.namespace",
      "spark.jars.packages",
      "spark.master",
      "spark.a b",
      "spark.driver.defaultExtraClassPath",
      "spark.hadoop.fs.s3a.impl",
      "spark.hadoop.net.topology.table.file.name",
    ])
      assert.ok(isRefusedSetting(key), key);
    for (const key of [
      "spark.hadoop.fs.s3a.connection.maximum",
      "spark.hadoop.parquet.block.size",
    ])
      assert.ok(!isRefusedSetting(key), key);
  });
});
