import {
  activeCluster,
  parseKubeconfig,
  readKubeconfig,
  type AccessOptions,
} from "./kubeconfig";

/** Options of the provider resource, as the engine sends them. */
export interface Options extends AccessOptions {
  readonly kubeconfig?: string;
  readonly namespace?: string;
  readonly deleteUnreachable: boolean;
  readonly skipUpdateUnreachable: boolean;
  readonly mutable: { readonly configMaps: boolean; readonly secrets: boolean };
  readonly patchForce: boolean;
  readonly upsert: boolean;
}

/** Reads the options out of the engine's variables. */
export function readOptions(
  get: (name: string) => string | undefined,
): Options {
  const flag = (name: string, variable: string): boolean =>
    (get(name) ?? process.env[variable]) === "true";
  return {
    kubeconfig: get("kubeconfig") || undefined,
    context: get("context") || undefined,
    cluster: get("cluster") || undefined,
    namespace: get("namespace") || undefined,
    deleteUnreachable: flag(
      "deleteUnreachable",
      "PULUMI_K8S_DELETE_UNREACHABLE",
    ),
    skipUpdateUnreachable: flag(
      "skipUpdateUnreachable",
      "PULUMI_K8S_SKIP_UPDATE_UNREACHABLE",
    ),
    mutable: {
      configMaps: flag(
        "enableConfigMapMutable",
        "PULUMI_K8S_ENABLE_CONFIGMAP_MUTABLE",
      ),
      secrets: flag("enableSecretMutable", "PULUMI_K8S_ENABLE_SECRET_MUTABLE"),
    },
    patchForce: flag("enablePatchForce", "PULUMI_K8S_ENABLE_PATCH_FORCE"),
    upsert: flag("upsertExistingObjects", "PULUMI_K8S_UPSERT_EXISTING_OBJECTS"),
  };
}

/** Whether two configurations mean different clusters. */
export function clusterChanged(old: Options, fresh: Options): boolean {
  try {
    const [a, b] = [old, fresh].map((options) =>
      JSON.stringify(
        activeCluster(
          parseKubeconfig(readKubeconfig(options.kubeconfig).text),
          options,
        ),
      ),
    );
    return a !== b;
  } catch {
    return false;
  }
}
