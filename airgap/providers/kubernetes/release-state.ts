import { gunzipSync } from "node:zlib";
import {
  at,
  listAt,
  numberAt,
  propertiesAt,
  reveal,
  Secret,
  textAt,
  unknown,
  type Properties,
  type Value,
} from "../plugin/value";
import type { Provider } from "./provider";
import { parseAll } from "./yaml-documents";

/** A release as helm knows it. */
export interface Live {
  readonly chart: string;
  readonly version: string;
  readonly appVersion: string;
  readonly status: string;
  readonly revision: number;
  readonly name: string;
  readonly namespace: string;
  readonly values: Properties;
  readonly manifest: string;
}

/** The newest revision of a release, as helm stores it in the cluster. */
export async function look(
  provider: Provider,
  namespace: string,
  name: string,
): Promise<Live | undefined> {
  const cluster = await provider.connected();
  const list = await cluster.request({
    method: "GET",
    path: await cluster.path({ apiVersion: "v1", kind: "Secret" }, namespace),
    query: { labelSelector: `owner=helm,name=${name}` },
  });
  const revision = (secret: Value): number =>
    Number(textAt(secret, "metadata", "labels", "version"));
  const [newest] = [...listAt(list, "items")].sort(
    (a, b) => revision(b) - revision(a),
  );
  const data = textAt(newest, "data", "release");
  if (data === undefined) return undefined;
  // Secrets are base64, and so is what helm puts into them.
  const packed = Buffer.from(
    Buffer.from(data, "base64").toString("latin1"),
    "base64",
  );
  const release = JSON.parse(gunzipSync(packed).toString("utf8")) as Value;
  return liveOf(release, namespace, name);
}

/** A release as helm writes it. */
export function liveOf(release: Value, namespace: string, name: string): Live {
  const chart = at(release, "chart", "metadata");
  return {
    chart: textAt(chart, "name") ?? "",
    version: textAt(chart, "version") ?? "",
    appVersion: textAt(chart, "appVersion") ?? "",
    status: textAt(release, "info", "status") ?? "",
    revision: numberAt(release, "version") ?? 0,
    name,
    namespace,
    values: propertiesAt(release, "config"),
    manifest: textAt(release, "manifest") ?? "",
  };
}

/** How the engine knows a release. */
export function releaseId(inputs: Properties): string {
  return `${textAt(inputs, "namespace")}/${textAt(inputs, "name")}`;
}

/** State of a release that is still to be made. */
export function previewed(inputs: Properties): Properties {
  return { ...inputs, resourceNames: unknown, status: unknown };
}

/** State of a release that is there. */
export function stateOf(inputs: Properties, live: Live): Properties {
  return {
    ...inputs,
    version: live.version,
    resourceNames: resourceNames(live.manifest),
    status: {
      appVersion: live.appVersion,
      chart: live.chart,
      name: live.name,
      namespace: live.namespace,
      revision: live.revision,
      status: live.status,
      version: live.version,
    },
    __inputs: new Secret(reveal(inputs)),
  };
}

/** Names of a manifest's objects, by `Kind.group/version`. */
export function resourceNames(manifest: string): Properties {
  const names = new Map<string, Set<string>>();
  for (const object of parseAll(manifest)) {
    const apiVersion = textAt(object, "apiVersion") ?? "";
    const kind = textAt(object, "kind") ?? "";
    const [group] = apiVersion.includes("/") ? apiVersion.split("/") : [""];
    const key = `${kind}${group ? `.${group}` : ""}/${apiVersion}`;
    const namespace = textAt(object, "metadata", "namespace");
    const name = textAt(object, "metadata", "name") ?? "";
    const set = names.get(key) ?? new Set();
    names.set(key, set.add(namespace ? `${namespace}/${name}` : name));
  }
  return Object.fromEntries(
    [...names].map(([key, set]) => [key, [...set].sort()]),
  );
}
