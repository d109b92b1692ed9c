import { disownInterruptedObjects } from "./interrupted-objects";
import {
  dropInterruptedReleases,
  interruptedReleases,
} from "./interrupted-releases";
import { killedRun } from "./pending-operations";
import { clientConfig, kubeconfigOf, resourcesOf } from "./stack-state";

/**
 * Makes way for the releases and objects that a killed run left half made.
 *
 * @param exported the stack's state with its secrets
 * @returns a line for each
 */
export async function mendKilledRun(exported: string): Promise<string[]> {
  const run = killedRun(exported);
  if (run.operations.length === 0) return [];
  const kubeconfig = kubeconfigOf(resourcesOf(exported));
  if (kubeconfig === undefined) return [];
  const config = await clientConfig(kubeconfig);
  // A cluster that does not answer, such as one that `up` is about to start, is reported by `up` itself.
  const ofReleases = await dropInterruptedReleases(
    interruptedReleases(run.operations),
    config,
  ).catch(() => []);
  const ofObjects = await disownInterruptedObjects(run, config).catch(() => []);
  return [...ofReleases, ...ofObjects];
}
