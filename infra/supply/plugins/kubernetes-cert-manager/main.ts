import { credentials } from "@grpc/grpc-js";
import {
  ConstructResponse,
  GetSchemaResponse,
  InvokeResponse,
  CheckResponse,
  DiffResponse,
  type CheckRequest,
  type ConstructRequest,
} from "@pulumi/pulumi/proto/provider_pb";
import { ResourceMonitorClient } from "@pulumi/pulumi/proto/resource_grpc_pb";
import {
  RegisterResourceOutputsRequest,
  RegisterResourceRequest,
  type RegisterResourceResponse,
} from "@pulumi/pulumi/proto/resource_pb";
import {
  basics,
  configured,
  engineLog,
  limits,
  serve,
  unary,
} from "../../../provider/plugin/serve";
import { decode, encode, unknown } from "../../../provider/plugin/value";
import { component, releaseInputs } from "./release";

/** The real plugin that this one stands in for. */
const version = "0.2.0";

const log = engineLog(process.argv.at(-1) ?? "");

/** Registers the component and, as its child, a release of the chart. */
async function construct(
  request: ConstructRequest,
): Promise<ConstructResponse> {
  if (request.getType() !== component) {
    throw new Error(
      `unknown resource type ${request.getType()}; expected ${component}`,
    );
  }
  const monitor = new ResourceMonitorClient(
    request.getMonitorendpoint(),
    credentials.createInsecure(),
    limits,
  );
  const register = (
    resource: RegisterResourceRequest,
  ): Promise<RegisterResourceResponse> =>
    new Promise((resolve, reject) => {
      resource
        .setAcceptsecrets(true)
        .setSupportspartialvalues(true)
        .setAliasspecs(true);
      monitor.registerResource(resource, (error, response) =>
        error ? reject(error) : resolve(response),
      );
    });
  const parent = await register(asComponent(request));
  const urn = parent.getUrn();
  const child = await register(asRelease(request, urn));
  const preview = request.getDryrun();
  const { status = preview ? unknown : null } = decode(child.getObject());
  const state = encode({ status });
  await new Promise<void>((resolve, reject) => {
    monitor.registerResourceOutputs(
      new RegisterResourceOutputsRequest().setUrn(urn).setOutputs(state),
      (error) => (error ? reject(error) : resolve()),
    );
  });
  const response = new ConstructResponse().setUrn(urn).setState(state);
  response
    .getStatedependenciesMap()
    .set(
      "status",
      new ConstructResponse.PropertyDependencies().setUrnsList([
        child.getUrn(),
      ]),
    );
  return response;
}

function asComponent(request: ConstructRequest): RegisterResourceRequest {
  const resource = new RegisterResourceRequest()
    .setType(request.getType())
    .setName(request.getName())
    .setParent(request.getParent())
    .setCustom(false)
    .setObject(encode({}))
    .setProtect(request.getProtect() === true)
    .setDependenciesList(request.getDependenciesList())
    .setAliasesList(request.getAliasesList())
    .setRetainondelete(request.getRetainondelete() === true)
    .setDeletedwith(request.getDeletedwith());
  const providers = resource.getProvidersMap();
  for (const [name, reference] of request.getProvidersMap().entries()) {
    providers.set(name, reference);
  }
  return resource;
}

function asRelease(
  request: ConstructRequest,
  parent: string,
): RegisterResourceRequest {
  const inputs = releaseInputs(decode(request.getInputs()));
  const dependencies = new Set(request.getDependenciesList());
  for (const [, list] of request.getInputdependenciesMap().entries()) {
    for (const urn of list.getUrnsList()) dependencies.add(urn);
  }
  return new RegisterResourceRequest()
    .setType("kubernetes:helm.sh/v3:Release")
    .setName(`${request.getName()}-helm`)
    .setParent(parent)
    .setCustom(true)
    .setObject(encode(inputs))
    .setProtect(request.getProtect() === true)
    .setDependenciesList([...dependencies])
    .setProvider(request.getProvidersMap().get("kubernetes") ?? "");
}

void serve({
  ...basics(version, () => undefined),
  getSchema: unary(() =>
    new GetSchemaResponse().setSchema(
      JSON.stringify({ name: "kubernetes-cert-manager", version }),
    ),
  ),
  checkConfig: unary((request: CheckRequest) =>
    new CheckResponse().setInputs(request.getNews()),
  ),
  diffConfig: unary(() =>
    new DiffResponse().setChanges(DiffResponse.DiffChanges.DIFF_NONE),
  ),
  configure: unary(async () => {
    log.say(
      "info",
      `stand-in for the cert-manager provider plugin ${version}, which cannot be downloaded here`,
    );
    await log.flush();
    return configured();
  }),
  invoke: unary(() => new InvokeResponse()),
  construct: unary(construct),
});
