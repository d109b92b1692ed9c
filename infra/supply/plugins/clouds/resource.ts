import { createHash } from "node:crypto";
import {
  diff,
  replacements,
  type Changes,
} from "../../../provider/plugin/diff";
import { parseUrn } from "../../../provider/plugin/urn";
import {
  isProperties,
  markSecrets,
  reveal,
  textAt,
  type Properties,
} from "../../../provider/plugin/value";
import type { StandIn } from "./stand-in";

/** Properties that say which thing a resource is, or where: a change makes another one. */
const identifying =
  /^(name|bucket|location|region|zone|availabilityZone|cidrBlock|[a-z]\w*(Name|Id))$/;

/** Properties that a cloud takes its own name for a thing from, first one first. */
const naming = [
  "agentPoolName",
  "bucket",
  "name",
  "resourceName",
  "accountId",
  "repositoryId",
  "containerName",
  "accountName",
  "registryName",
  "virtualNetworkName",
  "resourceGroupName",
];

/** Changes of a resource's inputs, and whether they require a replacement. */
export function compare(
  fixed: StandIn["fixed"],
  type: string,
  old: Properties,
  fresh: Properties,
): {
  readonly changes: Changes;
  readonly replaces: readonly string[];
  /** Whether the old one has to go first, as the new one takes its name. */
  readonly deleteFirst: boolean;
} {
  const rules = [...Object.keys(old), ...Object.keys(fresh)]
    .filter((key) => identifying.test(key) || fixed[type]?.includes(key))
    .map((key) => [key]);
  const changes = diff(reveal(old), reveal(fresh), rules);
  const replaces = replacements(changes);
  const given = givenName(reveal(fresh));
  const deleteFirst =
    replaces.length > 0 &&
    given !== undefined &&
    given === givenName(reveal(old));
  return { changes, replaces, deleteFirst };
}

function givenName(inputs: Properties): string | undefined {
  return naming
    .map((key) => textAt(inputs, key))
    .find((value) => value !== undefined);
}

/** A resource as its cloud answers when it has been made: inputs, identity and what the cloud adds. */
export function made(
  standIn: StandIn,
  urn: string,
  inputs: Properties,
): { readonly id: string; readonly state: Properties } {
  const { type, name: logical } = parseUrn(urn);
  const clear = reveal(inputs);
  const hash = createHash("sha256").update(urn).digest("hex").slice(0, 8);
  const name = givenName(clear) ?? `${logical}-${hash}`;
  const added = standIn.outputs[type]?.(clear, name) ?? {};
  const outputs = {
    ...standIn.identity(type, name, clear),
    ...added,
  } as Properties;
  const id = textAt(outputs, "id") ?? name;
  const state = markSecrets(
    { ...outputs, ...clear, ...inner(clear, outputs), id },
    inputs,
  );
  return { id, state };
}

/** A cloud may add to what it was given, as the certificate authority to how a cluster is entered. */
function inner(given: Properties, added: Properties): Properties {
  return Object.fromEntries(
    Object.entries(added).flatMap(([key, value]) => {
      const own = given[key];
      return isProperties(own) && isProperties(value)
        ? [[key, { ...value, ...own }]]
        : [];
    }),
  );
}
