import assert from "node:assert/strict";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";

import { Ajv2020 } from "ajv/dist/2020";
import { parse } from "yaml";

import {
  dataSetFileSchema,
  fileSchema,
  workloadFileSchema,
  type JsonSchema,
} from "../../../stacks/schema/json-schema";
import { pages } from "../../../stacks/schema/pages";

const stacks = join(__dirname, "../../../stacks");

/** Paths of the keys that say nothing of themselves. */
function undescribed(schema: JsonSchema, path: string): string[] {
  const { properties = {}, items, additionalProperties } = schema;
  const below = [...(schema.anyOf ?? []), ...(schema.oneOf ?? [])];
  return [
    ...Object.entries(properties).flatMap(([key, value]) => [
      ...(value.description ? [] : [`${path}.${key}`]),
      ...undescribed(value, `${path}.${key}`),
    ]),
    ...(items ? undescribed(items, `${path}[]`) : []),
    ...(typeof additionalProperties === "object"
      ? undescribed(additionalProperties, `${path}.*`)
      : []),
    ...below.flatMap((each, index) => undescribed(each, `${path}|${index}`)),
  ];
}

describe("the schema of the stacks' files", () => {
  it("describes every key", () => {
    assert.deepEqual(undescribed(fileSchema(), ""), []);
    assert.deepEqual(undescribed(workloadFileSchema(), ""), []);
    assert.deepEqual(undescribed(dataSetFileSchema(), ""), []);
  });

  it("is what schema.json and the reference page were made from", async () => {
    for (const [path, text] of await pages()) {
      assert.ok(existsSync(path), `${path}: run npm run schema`);
      assert.equal(
        readFileSync(path, "utf8"),
        text,
        `${path} is of another schema: run npm run schema`,
      );
    }
  });

  const validate = new Ajv2020({
    allErrors: true,
    validateFormats: false,
  }).compile(fileSchema());
  const files = readdirSync(stacks).filter((file) =>
    /^Pulumi\..*\.yaml$/.test(file),
  );

  for (const file of files) {
    const text = readFileSync(join(stacks, file), "utf8");

    it(`holds ${file}, by another validator`, () => {
      validate(parse(text));
      assert.deepEqual(validate.errors ?? [], []);
    });

    it(`is named in ${file}, for editors`, () => {
      assert.equal(
        text.split("\n")[0],
        "# yaml-language-server: $schema=schema.json",
      );
    });
  }

  it("holds the project's data sets, by another validator", () => {
    const isDataSet = new Ajv2020({
      allErrors: true,
      validateFormats: false,
    }).compile(dataSetFileSchema());
    const workloads = join(stacks, "../workloads");
    for (const name of ["clickstream", "flights"]) {
      const file = join(workloads, name, "data-set.yaml");
      isDataSet(parse(readFileSync(file, "utf8")));
      assert.deepEqual(isDataSet.errors ?? [], [], name);
    }
    assert.ok(!isDataSet({ apiVersion: "mlstack.dev/v1", contract: {} }));
  });

  it("refuses an unknown key, a wrong kind and a wrong value", () => {
    const wrong = (config: object) => {
      assert.ok(!validate({ config }), JSON.stringify(config));
      return (validate.errors ?? []).map(({ instancePath }) => instancePath);
    };
    const target = { kind: "local" };
    assert.ok(validate({ config: { "mlstack:target": target } }));
    wrong({});
    wrong({ "mlstack:target": target, "mlstack:pool": [] });
    wrong({ "mlstack:target": { kind: "locale" } });
    assert.deepEqual(
      wrong({ "mlstack:target": target, "mlstack:lifetime": "brief" }),
      ["/config/mlstack:lifetime"],
    );
  });

  it("takes a secret as Pulumi encrypts it", () => {
    const keys = {
      ml: { accessKeyId: { secure: "v1:x" }, secretAccessKey: "plain" },
    };
    assert.ok(
      validate({
        config: {
          "mlstack:target": {
            kind: "local",
            objects: { kind: "s3", endpoint: "https://s3.example.com", keys },
          },
        },
      }),
    );
  });
});
