import type { StateResource } from "../state/stack-state";

/** Services of a stack for people, as `up` and `open` list them. */
export interface Service {
  readonly name: string;
  readonly kind: "Notebook" | "WebService" | "DashboardsPage";
  /** Address inside the cluster: `http://<name>.<namespace>.svc`, with a path if it has one. */
  readonly url: string;
  /** Path of its first page, where that is not the root. */
  readonly path?: string;
  /** Secret that opens it. */
  readonly token?: string;
  /** Secret of its user `admin`. */
  readonly password?: string;
}

const kinds: Readonly<Record<string, Service["kind"]>> = {
  "mlstack:components:Notebook": "Notebook",
  // Its name up to 0.1.
  "mlstack:components:ModelServer": "WebService",
  "mlstack:components:WebService": "WebService",
  "mlstack:components:DashboardsPage": "DashboardsPage",
};

/** The notebooks, servers and dashboards in a stack's state. */
export function servicesOf(
  resources: readonly StateResource[],
): readonly Service[] {
  return resources.flatMap(({ urn, type, outputs }) => {
    const kind = kinds[type];
    const { url, ...others } = outputs;
    if (kind === undefined || typeof url !== "string") return [];
    const texts = (["path", "token", "password"] as const).flatMap((key) => {
      const value = others[key];
      return typeof value === "string" ? [[key, value]] : [];
    });
    return [
      {
        name: urn.split("::").at(-1) ?? urn,
        kind,
        url,
        ...Object.fromEntries(texts),
      },
    ];
  });
}
