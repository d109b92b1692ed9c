import { answers } from "../download";
import { run, type RunOptions } from "../process";
import { architecture } from "../toolchain/fetch";
import { toolPath } from "../toolchain/tools";
import { repositoryOf, withRegistry } from "./registry";

/** Registry of an image, such as `registry.k8s.io`. */
export function registryOf(reference: string): string {
  return reference.slice(0, reference.indexOf("/"));
}

/** The registries that can be reached; without a network this fails immediately. */
export async function reachableRegistries(
  references: readonly string[],
): Promise<ReadonlySet<string>> {
  const registries = [...new Set(references.map(registryOf))];
  const reached = await Promise.all(
    // "Unauthorized" is an answer, too.
    registries.map((registry) => answers(`https://${apiHost(registry)}/v2/`)),
  );
  return new Set(registries.filter((_, index) => reached[index]));
}

/**
 * Copies an image of this machine's architecture into a registry's storage folder.
 *
 * @param source where it is copied from; its own registry unless given
 */
export async function pullImage(
  reference: string,
  storage: string,
  { log, signal }: Pick<RunOptions, "log" | "signal">,
  source = reference,
): Promise<void> {
  const { repository, tag } = repositoryOf(reference);
  await withRegistry(storage, (address) =>
    run(
      toolPath("crane"),
      [
        "copy",
        `--platform=linux/${architecture() ?? "amd64"}`,
        source,
        `${address}/${repository}:${tag}`,
      ],
      { log, signal, name: `crane copy ${source}` },
    ),
  );
}

/** Docker Hub answers under another name than its images have. */
function apiHost(registry: string): string {
  return registry === "docker.io" ? "registry-1.docker.io" : registry;
}
