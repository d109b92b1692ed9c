/**
 * Whether two kubeconfigs lead to different clusters, so that nothing made in one is in the other. A cluster is known
 * by its certificate authority, or by its address where the kubeconfig names none.
 */
export function differentClusters(one: string, other: string): boolean {
  return clusterOf(one) !== clusterOf(other);
}

function clusterOf(kubeconfig: string): string | undefined {
  return (
    /certificate-authority-data["']?:\s*["']?([\w+/=]+)/.exec(
      kubeconfig,
    )?.[1] ?? /\bserver["']?:\s*["']?([^\s"',}]+)/.exec(kubeconfig)?.[1]
  );
}
