import { randomBytes } from "node:crypto";
import type { Log } from "../plugin/serve";
import { textAt, type Properties } from "../plugin/value";
import { Cluster } from "./cluster";
import { access, parseKubeconfig, readKubeconfig } from "./kubeconfig";
import type { GroupVersionKind } from "./naming";
import type { Options } from "./options";
import { builtinScope } from "./scope";

/** A configured provider: its options and its cluster, if one can be reached. */
export class Provider {
  /** Ends what is under way when the user interrupts. */
  readonly cancel = new AbortController();
  /** Definitions that the program makes, known before the cluster has them. */
  readonly #definitions = new Map<string, "namespace" | "cluster">();
  readonly #cluster: Cluster | undefined;
  readonly #reason: string = "";
  #reached: Promise<string | undefined> | undefined;

  constructor(
    readonly options: Options,
    readonly log: Log,
  ) {
    try {
      const { text, folder } = readKubeconfig(options.kubeconfig);
      this.#cluster = new Cluster(
        access(parseKubeconfig(text), folder, options),
      );
    } catch (error) {
      this.#reason = `unable to load Kubernetes client configuration from kubeconfig file: ${String(error)}`;
    }
  }

  /** Namespace of objects that name none. */
  get namespace(): string {
    return this.options.namespace ?? this.#cluster?.namespace ?? "default";
  }

  /** The cluster, or nothing where it cannot be reached. */
  async reachable(): Promise<Cluster | undefined> {
    return (await this.unreachable()) === undefined ? this.#cluster : undefined;
  }

  /** Why the cluster cannot be reached, if so; asked once. */
  unreachable(): Promise<string | undefined> {
    this.#reached ??= this.#reach();
    return this.#reached;
  }

  /** The cluster, or an error that says why there is none. */
  async connected(): Promise<Cluster> {
    const cluster = await this.reachable();
    if (cluster) return cluster;
    throw new Error(
      `configured Kubernetes cluster is unreachable: ${await this.unreachable()}`,
    );
  }

  async #reach(): Promise<string | undefined> {
    if (!this.#cluster) return this.#reason;
    try {
      await this.#cluster.discover();
      return undefined;
    } catch (error) {
      return `unable to load schema information from the API server: ${error instanceof Error ? error.message || String(error) : String(error)}`;
    }
  }

  /** Notes the scope of a kind that a definition of the program makes. */
  define(definition: Properties): void {
    const group = textAt(definition, "spec", "group");
    const kind = textAt(definition, "spec", "names", "kind");
    const scope = textAt(definition, "spec", "scope");
    if (!group || !kind) return;
    this.#definitions.set(
      `${group}/${kind}`,
      scope === "Cluster" ? "cluster" : "namespace",
    );
  }

  /** Whether objects of a kind lie in a namespace; those of unknown kinds do. */
  async namespaced(kind: GroupVersionKind): Promise<boolean> {
    const builtin = builtinScope(kind);
    if (builtin) return builtin === "namespace";
    const group = kind.apiVersion.split("/")[0];
    const defined = this.#definitions.get(`${group}/${kind.kind}`);
    if (defined) return defined === "namespace";
    const resource = await (await this.reachable())?.resource(kind);
    return resource?.namespaced ?? true;
  }
}

/** A name for the manager of an object's fields, kept in its state. */
export const freshManager = (): string =>
  `pulumi-kubernetes-${randomBytes(4).toString("hex")}`;
