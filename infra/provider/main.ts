import {
  Server,
  ServerCredentials,
  type UntypedServiceImplementation,
} from "@grpc/grpc-js";
import { ResourceProviderService } from "@pulumi/pulumi/proto/provider_grpc_pb";
import {
  CheckFailure,
  CheckRequest,
  CheckResponse,
  CreateRequest,
  CreateResponse,
  type DeleteRequest,
  DiffRequest,
  DiffResponse,
  GetSchemaResponse,
  PropertyDiff,
  type ReadRequest,
  ReadResponse,
  UpdateRequest,
  UpdateResponse,
} from "@pulumi/pulumi/proto/provider_pb";
import { Empty } from "google-protobuf/google/protobuf/empty_pb";

import {
  basics,
  configured,
  engineLog,
  unary,
} from "../../airgap/providers/plugin/serve";
import { describeProblem } from "../problem";
import { findKind } from "./kinds";
import {
  checkInputs,
  compareInputs,
  decode,
  encode,
  inputsOf,
  reveal,
  storedOutputs,
  type Values,
} from "./operations";
import type { Context, ResourceKind } from "./resource";

const version = "0.1.0";
const log = engineLog(process.argv.at(-1) ?? "");
const cancellation = new AbortController();
const cancelled = new Error("cancelled; what was half made has been removed");

function kindOf(urn: string): ResourceKind {
  return findKind(urn.split("::")[2]?.split("$").at(-1) ?? "");
}

function contextOf(urn: string): Context {
  return {
    urn,
    signal: cancellation.signal,
    log: (message) => log.status("info", message, urn),
  };
}

async function check(request: CheckRequest): Promise<CheckResponse> {
  const kind = kindOf(request.getUrn());
  const news = decode(request.getNews());
  const { inputs, problems } = await checkInputs(kind, news);
  const response = new CheckResponse().setInputs(encode(inputs));
  for (const problem of problems) {
    // Without a property the engine adds none of its own words on path and value, which would be there twice.
    response.addFailures(
      new CheckFailure().setReason(describeProblem(problem)),
    );
  }
  return response;
}

async function diff(request: DiffRequest): Promise<DiffResponse> {
  const { changes, drifted } = await compareInputs(
    kindOf(request.getUrn()),
    request.getId(),
    decode(request.getOlds()),
    decode(request.getOldInputs()),
    decode(request.getNews()),
  );
  const { Kind } = PropertyDiff;
  const replaces = [...changes].flatMap(([key, how]) =>
    how === "replace" ? [key] : [],
  );
  const response = new DiffResponse()
    .setChanges(
      changes.size + drifted.length > 0
        ? DiffResponse.DiffChanges.DIFF_SOME
        : DiffResponse.DiffChanges.DIFF_NONE,
    )
    .setDiffsList([...changes.keys(), ...drifted])
    .setReplacesList(replaces)
    // What is ours has names and addresses, which two cannot have at once.
    .setDeletebeforereplace(true)
    .setHasdetaileddiff(true);
  const details = response.getDetaileddiffMap();
  for (const [key, how] of changes) {
    const word = how === "replace" ? Kind.UPDATE_REPLACE : Kind.UPDATE;
    details.set(key, new PropertyDiff().setKind(word).setInputdiff(true));
  }
  for (const key of drifted) {
    details.set(key, new PropertyDiff().setKind(Kind.UPDATE));
  }
  return response;
}

async function create(request: CreateRequest): Promise<CreateResponse> {
  const kind = kindOf(request.getUrn());
  const inputs = decode(request.getProperties());
  if (request.getPreview()) {
    const known = await previewOutputs(kind, inputs);
    return new CreateResponse().setProperties(encode(known));
  }
  const { id, outs } = await kind.create(
    inputsOf(kind, inputs),
    contextOf(request.getUrn()),
  );
  return new CreateResponse()
    .setId(id)
    .setProperties(encode(storedOutputs(kind, inputs, outs)));
}

// An input that is not known yet hides every output that a kind could tell beforehand.
async function previewOutputs(
  kind: ResourceKind,
  inputs: Values,
): Promise<Values> {
  const parsed = kind.schema.safeParse(reveal(inputs));
  if (!parsed.success || !kind.preview) return inputs;
  return storedOutputs(kind, inputs, await kind.preview(parsed.data));
}

async function update(request: UpdateRequest): Promise<UpdateResponse> {
  const kind = kindOf(request.getUrn());
  const news = decode(request.getNews());
  const olds = decode(request.getOlds());
  if (request.getPreview()) {
    return new UpdateResponse().setProperties(encode({ ...olds, ...news }));
  }
  if (!kind.update) throw new Error(`${kind.type} cannot be updated in place`);
  const { outs } = await kind.update(
    request.getId(),
    reveal(olds),
    inputsOf(kind, news),
    contextOf(request.getUrn()),
  );
  return new UpdateResponse().setProperties(
    encode(storedOutputs(kind, news, outs)),
  );
}

async function read(request: ReadRequest): Promise<ReadResponse> {
  const kind = kindOf(request.getUrn());
  const inputs = decode(request.getInputs());
  const state = decode(request.getProperties());
  if (Object.keys(state).length === 0) {
    throw new Error(`${kind.type} cannot be imported`);
  }
  const stored = new ReadResponse()
    .setId(request.getId())
    .setInputs(request.getInputs())
    .setProperties(request.getProperties());
  if (!kind.read) return stored;
  const found = await kind.read(
    request.getId(),
    reveal(state),
    contextOf(request.getUrn()),
  );
  // An answer without an identity says that there is nothing any more.
  if (!found) return new ReadResponse();
  return stored.setProperties(encode(storedOutputs(kind, inputs, found.outs)));
}

async function remove(request: DeleteRequest): Promise<Empty> {
  const kind = kindOf(request.getUrn());
  await kind.delete?.(
    request.getId(),
    reveal(decode(request.getProperties())),
    contextOf(request.getUrn()),
  );
  return new Empty();
}

// Between an interruption and the end of what it interrupts lies the removal of what was half made.
let working = 0;

function operation<Request, Response>(
  run: (request: Request) => Promise<Response>,
): ReturnType<typeof unary<Request, Response>> {
  return unary(async (request: Request) => {
    working++;
    try {
      return await run(request);
    } finally {
      working--;
      await log.flush();
    }
  });
}

const service: UntypedServiceImplementation = {
  ...basics(version, () => cancellation.abort(cancelled)),
  getSchema: unary(() =>
    new GetSchemaResponse().setSchema(
      JSON.stringify({ name: "mlstack", version }),
    ),
  ),
  checkConfig: unary((request: CheckRequest) =>
    new CheckResponse().setInputs(request.getNews()),
  ),
  diffConfig: unary(() =>
    new DiffResponse().setChanges(DiffResponse.DiffChanges.DIFF_NONE),
  ),
  configure: unary(configured),
  check: operation(check),
  diff: operation(diff),
  create: operation(create),
  read: operation(read),
  update: operation(update),
  delete: operation(remove),
};

/** Ends the process once nothing is under way. */
function leave(): void {
  cancellation.abort(cancelled);
  if (working === 0) process.exit(0);
  setInterval(() => {
    if (working === 0) process.exit(0);
  }, 50);
}

function serve(): void {
  const server = new Server();
  server.addService(ResourceProviderService, service);
  server.bindAsync(
    "127.0.0.1:0",
    ServerCredentials.createInsecure(),
    (error, port) => {
      if (error) throw error;
      console.log(port);
    },
  );
  // The engine interrupts a plugin that it is done with, after `cancel`; a terminal does not reach its process group.
  process.once("SIGINT", leave);
  process.once("SIGTERM", leave);
  // An engine that was killed stops no plugin.
  const engine = process.ppid;
  const watch = setInterval(() => {
    if (process.ppid === engine) return;
    clearInterval(watch);
    leave();
  }, 1_000);
  watch.unref();
}

serve();
