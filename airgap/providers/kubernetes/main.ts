import type { UntypedServiceImplementation } from "@grpc/grpc-js";
import {
  CheckFailure,
  CheckRequest,
  CheckResponse,
  type ConfigureRequest,
  CreateResponse,
  type CreateRequest,
  type DeleteRequest,
  DiffResponse,
  type DiffRequest,
  GetSchemaResponse,
  InvokeResponse,
  type InvokeRequest,
  ReadResponse,
  type ReadRequest,
  UpdateResponse,
  type UpdateRequest,
} from "@pulumi/pulumi/proto/provider_pb";
import { Empty } from "google-protobuf/google/protobuf/empty_pb";
import { basics, configured, engineLog, serve, unary } from "../plugin/serve";
import {
  decode,
  encode,
  hasUnknown,
  reveal,
  textAt,
  Unknown,
  type Properties,
} from "../plugin/value";
import { check as checkObject, compare as compareObject } from "./check";
import { diff } from "./diff";
import { diffResponse } from "./diff-response";
import { parseUrn, releaseToken, type NamingRule } from "./naming";
import { load } from "./on-demand";
import { clusterChanged, readOptions } from "./options";
import { Provider } from "./provider";
import * as resource from "./resource";

/** The real plugin that this one stands in for. */
const version = "4.34.2";

const log = engineLog(process.argv.at(-1) ?? "");
let provider = new Provider(
  readOptions(() => undefined),
  log,
);

// Most runs have neither.
const releases = () => load("./release") as typeof import("./release");
const functions = () => load("./invokes") as typeof import("./invokes");

const isRelease = (urn: string): boolean => parseUrn(urn).type === releaseToken;

/** Answers once the engine has all that was said. */
const answering = <Request, Response>(
  handle: (request: Request) => Promise<Response>,
): ReturnType<typeof unary<Request, Response>> =>
  unary(async (request: Request) => {
    try {
      return await handle(request);
    } finally {
      await log.flush();
    }
  });

async function configure(request: ConfigureRequest) {
  const variables = request.getVariablesMap();
  provider = new Provider(
    readOptions((name) => variables.get(`kubernetes:config:${name}`)),
    log,
  );
  log.say(
    "info",
    `stand-in for the Kubernetes provider plugin ${version}, which cannot be downloaded here`,
  );
  return Promise.resolve(configured());
}

function checkConfig(request: CheckRequest): Promise<CheckResponse> {
  return Promise.resolve(new CheckResponse().setInputs(request.getNews()));
}

function diffConfig(request: DiffRequest): Promise<DiffResponse> {
  const old = reveal(decode(request.getOldInputs() ?? request.getOlds()));
  const fresh = reveal(decode(request.getNews()));
  for (const key of ["version", "pluginDownloadURL"]) {
    delete old[key];
    delete fresh[key];
  }
  const keys = [
    ...new Set(Object.keys(diff(old, fresh)).map((k) => k.split(/[.[]/)[0]!)),
  ];
  const response = new DiffResponse();
  if (keys.length === 0) {
    return Promise.resolve(
      response.setChanges(DiffResponse.DiffChanges.DIFF_NONE),
    );
  }
  const identifying = ["kubeconfig", "context", "cluster"];
  const vague = identifying.filter((key) => fresh[key] instanceof Unknown);
  const options = (from: Properties) =>
    readOptions((name) => textAt(from, name));
  const identified =
    textAt(old, "clusterIdentifier") !== undefined &&
    textAt(fresh, "clusterIdentifier") !== undefined;
  let replaces: readonly string[] = [];
  if (identified) {
    replaces = keys.filter((key) => key === "clusterIdentifier");
  } else if (vague.length > 0) {
    replaces = vague;
  } else if (clusterChanged(options(old), options(fresh))) {
    replaces = identifying.filter((key) => keys.includes(key));
  }
  return Promise.resolve(
    response
      .setChanges(DiffResponse.DiffChanges.DIFF_SOME)
      .setDiffsList(keys)
      .setReplacesList([...replaces]),
  );
}

async function check(request: CheckRequest): Promise<CheckResponse> {
  const urn = request.getUrn();
  const old = decode(request.getOlds());
  const news = decode(request.getNews());
  if (isRelease(urn)) {
    const { inputs, failure } = await releases().checkRelease(
      provider,
      urn,
      old,
      news,
    );
    const response = new CheckResponse().setInputs(encode(inputs));
    if (failure) {
      response.addFailures(
        new CheckFailure().setProperty("chart").setReason(failure),
      );
    }
    return response;
  }
  const inputs = await checkObject(
    provider,
    urn,
    old,
    news,
    request.getRandomseed_asU8(),
    namingRule(request),
  );
  return new CheckResponse().setInputs(encode(inputs));
}

function namingRule(request: CheckRequest): NamingRule | undefined {
  const options = request.getAutonaming();
  if (!options) return undefined;
  const { Mode } = CheckRequest.AutonamingOptions;
  const name = options.getProposedName();
  switch (options.getMode()) {
    case Mode.DISABLE:
      return { mode: "disable", name };
    case Mode.ENFORCE:
      return { mode: "enforce", name };
    default:
      return { mode: "propose", name };
  }
}

async function compare(request: DiffRequest): Promise<DiffResponse> {
  const urn = request.getUrn();
  const state = decode(request.getOlds());
  const oldInputs = decode(request.getOldInputs());
  const news = decode(request.getNews());
  if (isRelease(urn)) {
    const found = releases().compareRelease(oldInputs, news);
    return diffResponse(found.changes, found.replaces, false).setDiffsList([
      ...found.top,
    ]);
  }
  const found = await compareObject(provider, urn, state, oldInputs, news);
  return diffResponse(found.changes, found.replaces, found.deleteFirst);
}

async function create(request: CreateRequest): Promise<CreateResponse> {
  const call = {
    urn: request.getUrn(),
    preview: request.getPreview(),
    timeout: request.getTimeout(),
  };
  const inputs = decode(request.getProperties());
  const { id, state } = isRelease(call.urn)
    ? await releases().makeRelease(provider, call, inputs)
    : await resource.make(provider, call, inputs);
  return new CreateResponse().setId(id).setProperties(encode(state));
}

async function read(request: ReadRequest): Promise<ReadResponse> {
  const call = {
    urn: request.getUrn(),
    preview: false,
    timeout: request.getTimeout(),
  };
  const id = request.getId();
  const state = decode(request.getProperties());
  const inputs = decode(request.getInputs());
  const found = isRelease(call.urn)
    ? await releases().refreshRelease(provider, id, state, inputs)
    : await resource.refresh(provider, call, id, state, inputs);
  // An answer without an identity says that there is nothing any more.
  if (!found) return new ReadResponse();
  return new ReadResponse()
    .setId(id)
    .setProperties(encode(found.state))
    .setInputs(encode(found.inputs));
}

async function update(request: UpdateRequest): Promise<UpdateResponse> {
  const call = {
    urn: request.getUrn(),
    preview: request.getPreview(),
    timeout: request.getTimeout(),
  };
  const state = decode(request.getOlds());
  const news = decode(request.getNews());
  const changed = isRelease(call.urn)
    ? await releases().changeRelease(provider, call, news)
    : await resource.change(provider, call, request.getId(), state, news);
  return new UpdateResponse().setProperties(encode(changed));
}

async function remove(request: DeleteRequest): Promise<Empty> {
  const call = {
    urn: request.getUrn(),
    preview: false,
    timeout: request.getTimeout(),
  };
  const id = request.getId();
  const state = decode(request.getProperties());
  await (isRelease(call.urn)
    ? releases().destroyRelease(provider, state, id)
    : resource.destroy(provider, call, id, state));
  return new Empty();
}

async function invoke(request: InvokeRequest): Promise<InvokeResponse> {
  const args = decode(request.getArgs());
  if (hasUnknown(args)) return new InvokeResponse();
  const result = await functions().invoke(
    provider,
    request.getTok(),
    reveal(args),
  );
  return new InvokeResponse().setReturn(encode(result));
}

function getSchema(): Promise<GetSchemaResponse> {
  const schema = { name: "kubernetes", version, resources: {}, functions: {} };
  return Promise.resolve(
    new GetSchemaResponse().setSchema(JSON.stringify(schema)),
  );
}

const service: UntypedServiceImplementation = {
  ...basics(version, () => provider.cancel.abort()),
  getSchema: answering(getSchema),
  checkConfig: answering(checkConfig),
  diffConfig: answering(diffConfig),
  configure: answering(configure),
  check: answering(check),
  diff: answering(compare),
  create: answering(create),
  read: answering(read),
  update: answering(update),
  delete: answering(remove),
  invoke: answering(invoke),
};

void serve(service);
