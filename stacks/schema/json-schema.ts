import { z } from "zod";

import { dataSetSchema } from "../../workloads/features/data-set";
import { workloadSchema } from "../../workloads/schema/workload";
import { stackSchema } from "../config";

/** A JSON Schema, as far as it is read here. */
export interface JsonSchema {
  readonly [key: string]: unknown;
  readonly type?: string | readonly string[];
  readonly description?: string;
  readonly default?: unknown;
  readonly const?: unknown;
  readonly enum?: readonly unknown[];
  readonly properties?: Readonly<Record<string, JsonSchema>>;
  readonly required?: readonly string[];
  readonly items?: JsonSchema;
  readonly additionalProperties?: JsonSchema | boolean;
  readonly anyOf?: readonly JsonSchema[];
  readonly oneOf?: readonly JsonSchema[];
}

/** Keys that hold secrets: in a file they stand as `{ secure: … }`, which Pulumi has encrypted. */
const secretKeys: ReadonlySet<string> = new Set([
  "key",
  "passphrase",
  "accessKeyId",
  "secretAccessKey",
  "password",
  "url",
]);

/** Schema of the values under `mlstack:`, as a stack's file may write them: without the defaults. */
export function configSchema(): JsonSchema {
  return withSecrets(plainSchema(stackSchema));
}

/** Schema of a stack's file `stacks/Pulumi.<stack>.yaml`, for editors and other programs. */
export function fileSchema(): JsonSchema {
  const { properties = {}, required = [] } = configSchema();
  return {
    $schema: "https://json-schema.org/draft/2020-12/schema",
    title: "A stack of mlstack",
    description:
      "Made from the schema in stacks/config.ts by `npm run schema`; do not edit",
    type: "object",
    properties: {
      config: {
        type: "object",
        description: "Settings of the stack",
        properties: Object.fromEntries(
          Object.entries(properties).map(([key, value]) => [
            `mlstack:${key}`,
            value,
          ]),
        ),
        required: required.map((key) => `mlstack:${key}`),
        // Settings of Pulumi and of its providers are theirs to judge.
        propertyNames: {
          anyOf: [
            { enum: Object.keys(properties).map((key) => `mlstack:${key}`) },
            { type: "string", pattern: "^(?!mlstack:)[^:]+:" },
          ],
        },
      },
      encryptionsalt: {
        type: "string",
        description: "Salt of the passphrase that encrypts the secrets",
      },
      encryptedkey: {
        type: "string",
        description: "Key of the secrets, encrypted by the key service",
      },
      secretsprovider: {
        type: "string",
        description: "Key service that encrypts the secrets",
      },
      environment: { description: "Environments of Pulumi ESC" },
    },
    required: ["config"],
    additionalProperties: false,
  };
}

/** Schema of a folder's `workload.yaml`, for editors and other programs. */
export function workloadFileSchema(): JsonSchema {
  return {
    ...plainSchema(workloadSchema),
    title: "A workload of mlstack",
    description:
      "Made from the schema in workloads/schema by `npm run schema`; do not edit",
  };
}

/** Schema of a folder's `data-set.yaml`, for editors and other programs. */
export function dataSetFileSchema(): JsonSchema {
  return {
    ...plainSchema(dataSetSchema),
    title: "A data set of mlstack",
    description:
      "Made from the schema in workloads/features/data-set.ts by `npm run schema`; do not edit",
  };
}

function plainSchema(schema: z.ZodType): JsonSchema {
  return z.toJSONSchema(schema, {
    io: "input",
    unrepresentable: "any",
    reused: "inline",
  }) as JsonSchema;
}

function withSecrets(schema: JsonSchema, key = ""): JsonSchema {
  const { properties, items, additionalProperties, anyOf, oneOf } = schema;
  const all = (list: readonly JsonSchema[]) =>
    list.map((each) => withSecrets(each, key));
  const made: JsonSchema = {
    ...schema,
    ...(properties && {
      properties: Object.fromEntries(
        Object.entries(properties).map(([name, value]) => [
          name,
          withSecrets(value, name),
        ]),
      ),
    }),
    ...(items && { items: withSecrets(items) }),
    ...(typeof additionalProperties === "object" && {
      additionalProperties: withSecrets(additionalProperties),
    }),
    ...(anyOf && { anyOf: all(anyOf) }),
    ...(oneOf && { oneOf: all(oneOf) }),
  };
  if (!secretKeys.has(key) || made.type !== "string") return made;
  const { description, ...plain } = made;
  return {
    ...(description && { description }),
    anyOf: [
      plain,
      {
        type: "object",
        properties: { secure: { type: "string", description: "Ciphertext" } },
        required: ["secure"],
        additionalProperties: false,
      },
    ],
  };
}
