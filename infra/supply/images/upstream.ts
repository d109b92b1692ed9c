import type { RunOptions } from "../process";
import { runBuildah } from "./buildah";

/** Registry of an image, such as `registry.k8s.io`. */
export function registryOf(reference: string): string {
  return reference.slice(0, reference.indexOf("/"));
}

/** Those of the registries that answer; without a network this is known at once. */
export async function reachableRegistries(
  references: readonly string[],
): Promise<ReadonlySet<string>> {
  const registries = [...new Set(references.map(registryOf))];
  const answers = await Promise.all(
    registries.map((registry) =>
      fetch(`https://${apiHost(registry)}/v2/`, {
        method: "HEAD",
        signal: AbortSignal.timeout(3000),
      }).then(
        // "Unauthorized" is an answer, too.
        () => true,
        () => false,
      ),
    ),
  );
  return new Set(registries.filter((_, index) => answers[index]));
}

/** Pulls an image into buildah's storage. */
export async function pullImage(
  reference: string,
  options: Pick<RunOptions, "log" | "signal">,
): Promise<void> {
  await runBuildah(["pull", reference], options);
}

/** Docker Hub answers under another name than its images have. */
function apiHost(registry: string): string {
  return registry === "docker.io" ? "registry-1.docker.io" : registry;
}
