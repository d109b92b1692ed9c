import { appendFileSync, readFileSync } from "node:fs";
import { join } from "node:path";
import {
  CheckResponse,
  type CheckRequest,
  type CreateRequest,
  CreateResponse,
  type DeleteRequest,
  type DiffRequest,
  DiffResponse,
  type InvokeRequest,
  InvokeResponse,
  type ReadRequest,
  ReadResponse,
  type UpdateRequest,
  UpdateResponse,
} from "@pulumi/pulumi/proto/provider_pb";
import { Empty } from "google-protobuf/google/protobuf/empty_pb";
import { diffResponse } from "../../../provider/plugin/diff-response";
import { parseUrn } from "../../../provider/plugin/urn";
import {
  basics,
  configured,
  engineLog,
  serve,
  unary,
} from "../../../provider/plugin/serve";
import {
  decode,
  encode,
  hasUnknown,
  reveal,
  textAt,
} from "../../../provider/plugin/value";
import { pluginsWithStandIn } from "../../..";
import { compare, made } from "./resource";

/**
 * Stands in for the plugin of a cloud, in previews where none can be downloaded and in tests of the engine: it makes
 * nothing, and writes down each operation as a line of JSON in the file that MLSTACK_GENERIC_PROVIDER_LOG names. The
 * creation of a resource whose name is in MLSTACK_GENERIC_PROVIDER_FAIL fails, that of one in
 * MLSTACK_GENERIC_PROVIDER_HOLD does not end.
 */
const { plugin, standIn } = chosen(process.argv[2]);
const cloud = plugin.name;

const { version } = JSON.parse(
  readFileSync(
    join(__dirname, "../../../../node_modules", plugin.npm, "package.json"),
    "utf8",
  ),
) as { version: string };

// The engine's address is the last word of the command line.
const log = engineLog(process.argv.at(-1) ?? "");

const failing = namesIn(process.env.MLSTACK_GENERIC_PROVIDER_FAIL);
const holding = namesIn(process.env.MLSTACK_GENERIC_PROVIDER_HOLD);

function namesIn(list: string | undefined): ReadonlySet<string> {
  return new Set((list ?? "").split(","));
}

function chosen(name: string | undefined) {
  const all = pluginsWithStandIn();
  const found = all.find((candidate) => candidate.plugin.name === name);
  if (found) return found;
  const names = all.map((each) => each.plugin.name);
  throw new Error(`the first argument is one of ${names.join(", ")}`);
}

function note(op: string, urn: string, rest: object): void {
  const file = process.env.MLSTACK_GENERIC_PROVIDER_LOG;
  if (!file) return;
  const { type, name } = parseUrn(urn);
  const line = JSON.stringify({ provider: cloud, op, type, name, ...rest });
  appendFileSync(file, `${line}\n`);
}

async function create(request: CreateRequest): Promise<CreateResponse> {
  const inputs = decode(request.getProperties());
  // Computed outputs are unknown until the resource has been created.
  if (request.getPreview()) {
    return new CreateResponse().setProperties(encode(inputs));
  }
  const urn = request.getUrn();
  const { id, state } = made(standIn, urn, inputs);
  if (failing.has(parseUrn(urn).name)) {
    note("create-failed", urn, { id });
    throw new Error(`${id} could not be created: told to fail`);
  }
  if (holding.has(parseUrn(urn).name)) {
    note("create-held", urn, { id });
    await new Promise(() => undefined);
  }
  note("create", urn, { id });
  return new CreateResponse().setId(id).setProperties(encode(state));
}

function update(request: UpdateRequest): UpdateResponse {
  const news = decode(request.getNews());
  const olds = decode(request.getOlds());
  const urn = request.getUrn();
  const state = hasUnknown(news)
    ? { ...olds, ...news }
    : { ...olds, ...made(standIn, urn, news).state };
  if (!request.getPreview()) note("update", urn, { id: request.getId() });
  return new UpdateResponse().setProperties(encode(state));
}

function remove(request: DeleteRequest): Empty {
  note("delete", request.getUrn(), { id: request.getId() });
  return new Empty();
}

function read(request: ReadRequest): ReadResponse {
  const inputs = decode(request.getInputs());
  const known = decode(request.getProperties());
  const state =
    Object.keys(known).length > 0
      ? known
      : made(standIn, request.getUrn(), inputs).state;
  return new ReadResponse()
    .setId(request.getId())
    .setProperties(encode(state))
    .setInputs(encode(inputs));
}

function differ(request: DiffRequest): DiffResponse {
  const { changes, replaces, deleteFirst } = compare(
    standIn.fixed,
    parseUrn(request.getUrn()).type,
    decode(request.getOldInputs()),
    decode(request.getNews()),
  );
  return diffResponse(changes, replaces, deleteFirst);
}

function invoke(request: InvokeRequest): InvokeResponse {
  const token = request.getTok();
  const args = reveal(decode(request.getArgs()));
  const call = standIn.calls[token];
  if (!call) throw new Error(`the stand-in for ${cloud} has no ${token}`);
  note("invoke", `urn:pulumi::::${token}::`, { args });
  return new InvokeResponse().setReturn(encode({ ...call(args) }));
}

function check(request: CheckRequest): CheckResponse {
  return new CheckResponse().setInputs(request.getNews());
}

/** Another region, project or subscription is another place altogether. */
function differConfig(request: DiffRequest): DiffResponse {
  const old = reveal(decode(request.getOldInputs()));
  const fresh = reveal(decode(request.getNews()));
  const places = ["region", "project", "subscriptionId"].filter(
    (key) => textAt(old, key) !== textAt(fresh, key),
  );
  const { changes } = compare({}, "", old, fresh);
  return new DiffResponse()
    .setChanges(
      Object.keys(changes).length > 0
        ? DiffResponse.DiffChanges.DIFF_SOME
        : DiffResponse.DiffChanges.DIFF_NONE,
    )
    .setReplacesList(places);
}

void serve({
  ...basics(version, () => undefined),
  checkConfig: unary(check),
  diffConfig: unary(differConfig),
  configure: unary(async () => {
    log.say(
      "info",
      `stand-in for the plugin ${cloud} ${version}, which cannot be downloaded here: nothing is checked against the cloud`,
    );
    await log.flush();
    return configured();
  }),
  check: unary(check),
  diff: unary(differ),
  create: unary(create),
  read: unary(read),
  update: unary(update),
  delete: unary(remove),
  invoke: unary(invoke),
});
