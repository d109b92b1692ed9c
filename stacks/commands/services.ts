import type { StateResource } from "./stack-state";

/** What a stack keeps running for people, as `up` and `open` know it. */
export interface Service {
  readonly name: string;
  readonly kind: "Notebook" | "ModelServer";
  /** Where it answers, inside of the cluster: `http://<name>.<namespace>.svc`, with a path where it has one. */
  readonly url: string;
  /** Secret that opens it. */
  readonly token?: string;
}

const kinds: Readonly<Record<string, Service["kind"]>> = {
  "mlstack:components:Notebook": "Notebook",
  "mlstack:components:ModelServer": "ModelServer",
};

/** The notebooks and model servers in a stack's state. */
export function servicesOf(
  resources: readonly StateResource[],
): readonly Service[] {
  return resources.flatMap(({ urn, type, outputs }) => {
    const kind = kinds[type];
    const { url, token } = outputs;
    if (kind === undefined || typeof url !== "string") return [];
    return [
      {
        name: urn.split("::").at(-1) ?? urn,
        kind,
        url,
        ...(typeof token === "string" ? { token } : {}),
      },
    ];
  });
}
