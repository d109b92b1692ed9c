import {
  listAt,
  propertiesAt,
  textAt,
  isProperties,
  type Properties,
  without,
} from "../plugin/value";
import { ApiError, NoSuchKind, type Cluster } from "./cluster";
import { annotation, kindOf } from "./object";

/**
 * Manager of a new object's fields. Objects are created, not applied, so that
 * one that is there already is not taken over; the first update then makes
 * these fields its own.
 */
const creator = "pulumi-kubernetes";

/** Managers whose fields an update takes over: beginning of the name, and how they wrote. */
const takenOver: readonly (readonly [string, "Apply" | "Update"])[] = [
  ["kubectl", "Apply"],
  ["kubectl", "Update"],
  ["before-first-apply", "Update"],
  ["pulumi-kubernetes", "Update"],
  ["pulumi-resource-kubernetes", "Update"],
];

const existsHint = `

The resource already exists in the cluster. This can happen when:

  - Renaming a Pulumi resource: use an alias to preserve the identity,
    or use deleteBeforeReplace if the resource needs replacement.
  - Managing an existing resource: use a Patch resource (e.g. NamespacePatch)
    to manage specific fields without owning the resource lifecycle.
  - Adopting a resource into Pulumi: use \`pulumi import\`. Note that
    protected resources (e.g. kube-system) cannot be deleted on destroy.
  - Intentional upsert: set upsertExistingObjects on the provider to allow
    server-side apply to update existing objects on create.`;

/** Seconds between attempts to create what may lack its kind or namespace still. */
const patience = [0.5, 1, 2, 4, 8, 16, 30];

/** How a change is sent: for real, or to hear what the server would say. */
export interface Sending {
  readonly dryRun: boolean;
  readonly signal: AbortSignal;
  /** Whether an object that exists already is taken over instead of refused. */
  readonly upsert?: boolean;
  /** Called before each further attempt. */
  readonly retrying?: (message: string) => void;
}

/** Creates an object. What lacks its kind or its namespace is tried again for a minute. */
export async function create(
  cluster: Cluster,
  object: Properties,
  { dryRun, signal, upsert, retrying }: Sending,
): Promise<Properties> {
  for (let attempt = 0; ; attempt++) {
    try {
      const path = await cluster.path(
        kindOf(object),
        textAt(object, "metadata", "namespace"),
      );
      return await cluster.request({
        method: "POST",
        path,
        query: { fieldManager: creator, dryRun: dryRun ? "All" : undefined },
        body: await placed(cluster, object),
        signal,
      });
    } catch (error) {
      const missing =
        error instanceof NoSuchKind ||
        (error instanceof ApiError && error.code === 404);
      const pause = patience[attempt];
      if (missing && !dryRun && pause !== undefined && !signal.aborted) {
        retrying?.(`Retry #${attempt}; creation failed: ${error.message}`);
        await new Promise((resolve) => setTimeout(resolve, pause * 1000));
        if (error instanceof NoSuchKind) cluster.forget();
        continue;
      }
      if (error instanceof ApiError && error.reason === "AlreadyExists") {
        if (upsert) return takeExisting(cluster, object, { dryRun, signal });
        error.message += existsHint;
      }
      throw error;
    }
  }
}

/** Makes an object that exists already what it should be, whoever made it. */
async function takeExisting(
  cluster: Cluster,
  object: Properties,
  { dryRun, signal }: Sending,
): Promise<Properties> {
  return cluster.request({
    method: "PATCH",
    path: await cluster.path(
      kindOf(object),
      textAt(object, "metadata", "namespace"),
      textAt(object, "metadata", "name"),
    ),
    query: {
      fieldManager: creator,
      force: "true",
      dryRun: dryRun ? "All" : undefined,
    },
    contentType: "application/apply-patch+yaml",
    body: await placed(cluster, object),
    signal,
  });
}

/** An object without the namespace that a kind of the whole cluster has no use for. */
async function placed(
  cluster: Cluster,
  object: Properties,
): Promise<Properties> {
  const resource = await cluster.resource(kindOf(object));
  if (!resource || resource.namespaced) return object;
  const metadata = without(propertiesAt(object, "metadata"), "namespace");
  return { ...object, metadata };
}

/** Updates an object by server-side apply; a definition of a kind is put in place. */
export async function update(
  cluster: Cluster,
  live: Properties,
  object: Properties,
  manager: string,
  force: boolean,
  { dryRun, signal }: Sending,
): Promise<Properties> {
  const kind = kindOf(object);
  const name = textAt(live, "metadata", "name") ?? "";
  const path = await cluster.path(
    kind,
    textAt(live, "metadata", "namespace"),
    name,
  );
  const dry = dryRun ? "All" : undefined;
  const target = await placed(cluster, object);
  if (kind.kind === "CustomResourceDefinition") {
    const { resourceVersion } = propertiesAt(live, "metadata");
    return cluster.request({
      method: "PUT",
      path,
      query: { fieldManager: manager, dryRun: dry },
      body: {
        ...target,
        metadata: {
          ...propertiesAt(target, "metadata"),
          resourceVersion: resourceVersion ?? null,
        },
      },
      signal,
    });
  }
  if (!dryRun) await takeOver(cluster, path, live, manager, signal);
  try {
    return await cluster.request({
      method: "PATCH",
      path,
      query: {
        fieldManager: manager,
        dryRun: dry,
        force: String(force || mustForce(live, object, dryRun)),
      },
      contentType: "application/apply-patch+yaml",
      body: target,
      signal,
    });
  } catch (error) {
    if (error instanceof ApiError && error.code === 409) {
      error.message = `server-side apply field conflict detected, see https://www.pulumi.com/registry/packages/kubernetes/how-to-guides/managing-resources-with-server-side-apply/#handle-field-conflicts-on-existing-resources for troubleshooting help\nThe resource managed by field manager "${manager}" had an apply conflict: ${error.message}`;
    }
    throw error;
  }
}

/** A preview does not take fields over first, so it has to insist. */
function mustForce(
  live: Properties,
  object: Properties,
  dryRun: boolean,
): boolean {
  if (annotation(object, "patchForce") === "true") return true;
  const fields = listAt(live, "metadata", "managedFields");
  if (fields.length === 0) return true;
  return (
    dryRun &&
    fields.some((entry) => {
      const writer = textAt(entry, "manager") ?? "";
      return (
        textAt(entry, "operation") === "Update" &&
        /^pulumi-(resource-)?kubernetes(\.exe)?$/.test(writer)
      );
    })
  );
}

/** Makes the fields of the manager that created an object those of the one that updates it. */
async function takeOver(
  cluster: Cluster,
  path: string,
  live: Properties,
  manager: string,
  signal: AbortSignal,
): Promise<void> {
  const entries = listAt(live, "metadata", "managedFields").map((entry) =>
    propertiesAt(entry),
  );
  const isOurs = (entry: Properties): boolean =>
    !entry.subresource &&
    ((entry.manager === manager && entry.operation === "Apply") ||
      takenOver.some(
        ([prefix, operation]) =>
          textAt(entry, "manager")?.startsWith(prefix) === true &&
          entry.operation === operation,
      ));
  const ours = entries.filter(isOurs);
  if (ours.every((entry) => entry.manager === manager)) return;
  const merged: Properties = {
    ...ours[0],
    manager,
    operation: "Apply",
    fieldsV1: ours
      .map((entry) => propertiesAt(entry, "fieldsV1"))
      .reduce(mergeFields, {}),
  };
  await cluster.request({
    method: "PATCH",
    path,
    contentType: "application/json-patch+json",
    body: [
      {
        op: "replace",
        path: "/metadata/managedFields",
        value: [...entries.filter((entry) => !isOurs(entry)), merged],
      },
      {
        op: "replace",
        path: "/metadata/resourceVersion",
        value: propertiesAt(live, "metadata").resourceVersion ?? null,
      },
    ],
    signal,
  });
}

/** Union of two field sets. */
export function mergeFields(a: Properties, b: Properties): Properties {
  const out: Properties = { ...a };
  for (const [key, value] of Object.entries(b)) {
    const old = out[key];
    out[key] =
      isProperties(old) && isProperties(value)
        ? mergeFields(old, value)
        : value;
  }
  return out;
}

/** Deletes an object; what is gone already is fine. */
export async function remove(
  cluster: Cluster,
  object: Properties,
  signal: AbortSignal,
): Promise<boolean> {
  const { name } = propertiesAt(object, "metadata");
  const policy = annotation(object, "deletionPropagationPolicy");
  try {
    await cluster.request({
      method: "DELETE",
      path: await cluster.path(
        kindOf(object),
        textAt(object, "metadata", "namespace"),
        String(name),
      ),
      body: {
        apiVersion: "v1",
        kind: "DeleteOptions",
        propagationPolicy:
          { orphan: "Orphan", background: "Background" }[
            policy?.toLowerCase() ?? ""
          ] ?? "Foreground",
      },
      signal,
    });
    return true;
  } catch (error) {
    if (error instanceof NoSuchKind) return false;
    if (error instanceof ApiError && error.code === 404) return false;
    throw error;
  }
}
