import { InitFailure } from "../plugin/serve";
import {
  hasUnknown,
  isProperties,
  textAt,
  type Properties,
  without,
} from "../plugin/value";
import { create, remove, update } from "./apply";
import { ApiError, NoSuchKind, type Cluster } from "./cluster";
import {
  objectId,
  parseId,
  parseToken,
  parseUrn,
  withMetadata,
  type GroupVersionKind,
} from "./naming";
import {
  adopted,
  annotation,
  checkpoint,
  drifted,
  fromProgram,
  kindOf,
  liveOf,
  secreted,
} from "./object";
import { freshManager, type Provider } from "./provider";
import { read as readLive } from "./related-objects";
import {
  checkReady,
  NotReady,
  untilGone,
  untilReady,
  type Waiting,
} from "./wait";

/** What the engine says about the resource that a call is about. */
export interface Call {
  readonly urn: string;
  readonly preview: boolean;
  /** Seconds, of the resource's options; 0 where they say nothing. */
  readonly timeout: number;
}

/** Kinds whose deletion `pulumi.com/skipAwait` does not wait for. */
const skipsDeletion: ReadonlySet<string> = new Set([
  "v1/Namespace",
  "v1/Pod",
  "v1/ReplicationController",
  "apps/v1/DaemonSet",
  "apps/v1/Deployment",
  "apps/v1/StatefulSet",
  "batch/v1/Job",
]);

/** Creates an object and waits until it is ready. */
export async function make(
  provider: Provider,
  call: Call,
  program: Properties,
): Promise<{ readonly id: string; readonly state: Properties }> {
  const inputs = fromProgram(program);
  const kind = kindOf(inputs);
  if (call.preview) {
    const shown = hasUnknown(inputs)
      ? undefined
      : await rehearse(provider, call, inputs);
    if (!shown) return { id: "", state: program };
    const object = without(shown, "status");
    return { id: "", state: stateOf(object, inputs, program, freshManager()) };
  }
  const cluster = await provider.connected();
  const { signal } = provider.cancel;
  const manager = annotation(inputs, "patchFieldManager") ?? freshManager();
  let created: Properties;
  try {
    created = await create(cluster, inputs, {
      upsert: provider.options.upsert,
      dryRun: false,
      signal,
      retrying: (message) => provider.log.status("info", message, call.urn),
    });
  } catch (error) {
    if (error instanceof NoSuchKind) {
      throw new Error(
        `creation of resource "${call.urn}" with kind ${kind.apiVersion}/${kind.kind} failed because the Kubernetes API server reported that the apiVersion for this resource does not exist. Verify that any required CRDs have been created: ${error.message}`,
        { cause: error },
      );
    }
    throw notCreated(call, error);
  }
  const id = objectId(created);
  try {
    const live = await untilReady(
      waiting(provider, call, kind, cluster),
      inputs,
      created,
    );
    if (kind.kind === "CustomResourceDefinition") cluster.forget();
    return { id, state: stateOf(live, inputs, program, manager) };
  } catch (error) {
    const live = error instanceof NotReady ? error.object : created;
    throw failure(
      `resource "${call.urn}" was successfully created, but the Kubernetes API server reported that it failed to fully initialize or become live: `,
      error,
      id,
      stateOf(live, inputs, program, manager),
    );
  }
}

/** What the server would make of an object, or nothing where it cannot say yet. */
async function rehearse(
  provider: Provider,
  call: Call,
  inputs: Properties,
): Promise<Properties | undefined> {
  const cluster = await provider.reachable();
  if (!(await cluster?.resource(kindOf(inputs)))) return undefined;
  try {
    return await create(cluster!, inputs, {
      upsert: provider.options.upsert,
      dryRun: true,
      signal: provider.cancel.signal,
    });
  } catch (error) {
    const later =
      error instanceof ApiError &&
      (error.code === 403 ||
        error.reason === "AlreadyExists" ||
        (error.code === 404 && error.about === "namespaces") ||
        (error.code === 400 && error.message.includes("dry run")));
    if (later) return undefined;
    throw notCreated(call, error);
  }
}

/** Reads an object as it is; nothing where it is gone. */
export async function refresh(
  provider: Provider,
  call: Call,
  id: string,
  state: Properties,
  program: Properties,
): Promise<
  { readonly state: Properties; readonly inputs: Properties } | undefined
> {
  const reason = await provider.unreachable();
  if (reason !== undefined) {
    return unreachable(provider, call, reason, state, program);
  }
  const cluster = await provider.connected();
  const imported = Object.keys(program).length === 0;
  const inputs = fromProgram(program);
  const kind = imported
    ? parseToken(parseUrn(call.urn).type)
    : kindOf({ ...parseToken(parseUrn(call.urn).type), ...inputs });
  const { namespace, name } = parseId(id);
  const live = await readLive(cluster, kind, namespace, name);
  if (!live) return undefined;
  const manager = textAt(state, "__fieldManager") ?? freshManager();
  const current = imported
    ? adopted(live)
    : drifted(inputs, liveOf(state), live);
  const object = isProperties(current) ? current : inputs;
  const result = {
    state: stateOf(live, object, program, manager, state),
    inputs: secreted(object, program),
  };
  if (imported) return result;
  try {
    await checkReady(waiting(provider, call, kind, cluster), inputs, live);
  } catch (error) {
    throw failure("", error, id, result.state, result.inputs);
  }
  return result;
}

function unreachable(
  provider: Provider,
  call: Call,
  reason: string,
  state: Properties,
  inputs: Properties,
): { readonly state: Properties; readonly inputs: Properties } | undefined {
  provider.log.say(
    "warning",
    `configured Kubernetes cluster is unreachable: ${reason}`,
    call.urn,
  );
  if (provider.options.deleteUnreachable) return undefined;
  if (provider.options.skipUpdateUnreachable) return { state, inputs };
  throw new Error(
    'failed to read resource state due to unreachable cluster. If the cluster was deleted, you can remove this resource from Pulumi state by rerunning the operation with the PULUMI_K8S_DELETE_UNREACHABLE environment variable set to "true"',
  );
}

/** Changes an object in place and waits until it is ready again. */
export async function change(
  provider: Provider,
  call: Call,
  id: string,
  state: Properties,
  program: Properties,
): Promise<Properties> {
  const inputs = fromProgram(program);
  const kind = kindOf(inputs);
  if (call.preview) {
    const cluster = await provider.reachable();
    if (hasUnknown(inputs) || !(await cluster?.resource(kind))) return program;
  }
  const cluster = await provider.connected();
  const { signal } = provider.cancel;
  const manager =
    annotation(inputs, "patchFieldManager") ??
    textAt(state, "__fieldManager") ??
    freshManager();
  const former = liveOf(state);
  const namespace = textAt(former, "metadata", "namespace");
  const name = textAt(former, "metadata", "name") ?? parseId(id).name;
  const path = await cluster.path(kind, namespace, name).catch((error) => {
    throw new Error(
      `update of resource "${call.urn}" failed because the Kubernetes API server reported that the apiVersion for this resource does not exist. Verify that any required CRDs have been created: ${String(error)}`,
    );
  });
  const live = await cluster
    .request({ method: "GET", path, signal })
    .catch((error: unknown) => {
      throw new Error(
        `update of resource "${call.urn}" failed: ${error instanceof Error ? error.message : String(error)}`,
      );
    });
  let updated: Properties | undefined;
  try {
    updated = await update(
      cluster,
      live,
      inputs,
      manager,
      provider.options.patchForce,
      { dryRun: call.preview, signal },
    );
    if (call.preview) return stateOf(updated, inputs, program, manager, state);
    const ready = await untilReady(
      waiting(provider, call, kind, cluster),
      inputs,
      updated,
      live,
    );
    if (kind.kind === "CustomResourceDefinition") cluster.forget();
    return stateOf(ready, inputs, program, manager, state);
  } catch (error) {
    if (call.preview && error instanceof ApiError && error.code === 403) {
      return program;
    }
    const last = error instanceof NotReady ? error.object : (updated ?? live);
    throw failure(
      `the Kubernetes API server reported that "${id}" failed to fully initialize or become live: `,
      error,
      id,
      stateOf(last, inputs, program, manager, state),
    );
  }
}

/** Deletes an object and waits until it is gone. */
export async function destroy(
  provider: Provider,
  call: Call,
  id: string,
  state: Properties,
): Promise<void> {
  const reason = await provider.unreachable();
  if (reason !== undefined) {
    provider.log.say(
      "warning",
      `configured Kubernetes cluster is unreachable: ${reason}`,
      call.urn,
    );
    if (provider.options.deleteUnreachable) return;
    throw new Error(
      'configured Kubernetes cluster is unreachable. If the cluster was deleted, you can remove this resource from Pulumi state by rerunning the operation with the PULUMI_K8S_DELETE_UNREACHABLE environment variable set to "true"',
    );
  }
  const cluster = await provider.connected();
  const live = liveOf(state);
  const { name } = parseId(id);
  const object = withMetadata(live, { name });
  const kind = kindOf(object);
  if (!(await remove(cluster, object, provider.cancel.signal))) return;
  if (
    annotation(object, "skipAwait") === "true" &&
    skipsDeletion.has(`${kind.apiVersion}/${kind.kind}`)
  ) {
    return;
  }
  try {
    await untilGone(waiting(provider, call, kind, cluster), object, object);
  } catch (error) {
    throw failure("", error, id, state);
  }
  if (kind.kind === "CustomResourceDefinition") cluster.forget();
}

function waiting(
  provider: Provider,
  { urn, timeout }: Call,
  kind: GroupVersionKind,
  cluster: Cluster,
): Waiting {
  return {
    cluster,
    log: provider.log,
    urn,
    kind,
    timeout,
    signal: provider.cancel.signal,
  };
}

function stateOf(
  live: Properties,
  inputs: Properties,
  program: Properties,
  manager: string,
  former?: Properties,
): Properties {
  const initial =
    textAt(former, "__initialApiVersion") ?? textAt(inputs, "apiVersion") ?? "";
  return checkpoint(live, inputs, program, manager, initial);
}

function notCreated(call: Call, error: unknown): Error {
  const message = error instanceof Error ? error.message : String(error);
  return new Error(
    `resource "${call.urn}" was not successfully created by the Kubernetes API server: ${message}`,
  );
}

function failure(
  prefix: string,
  error: unknown,
  id: string,
  state: Properties,
  inputs?: Properties,
): InitFailure {
  const message = error instanceof Error ? error.message : String(error);
  const reasons = error instanceof NotReady ? error.reasons : [];
  return new InitFailure(id, state, [prefix + message, ...reasons], inputs);
}
