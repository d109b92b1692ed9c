import type * as k8s from "@pulumi/kubernetes";
import type * as pulumi from "@pulumi/pulumi";

import type { PlacedPool } from "../../infra/platform";
import { containerSecurity, podSecurity } from "../pods/restricted-pod";
import type { TeamAccount } from "./team";

type Container = k8s.types.input.core.v1.Container;

/** Arguments of a pod with one container of a team's. */
export interface TeamPodArgs {
  readonly account: TeamAccount;
  readonly pool: PlacedPool;
  readonly image: pulumi.Input<string>;
  /** The image's own unless given. */
  readonly command?: readonly string[];
  readonly arguments: readonly pulumi.Input<string>[];
  /** More of the container's environment. */
  readonly env?: readonly k8s.types.input.core.v1.EnvVar[];
  readonly size: {
    readonly cpu: string;
    readonly memory: string;
    readonly gpus: number;
  };
  /** Number of the user that it runs as. */
  readonly user: number;
}

/**
 * Specification of a pod with one container that is placed on the pool, under the team's account.
 *
 * @param more fields of the container: ports, probes
 */
export function teamPodSpec(
  name: string,
  args: TeamPodArgs,
  more: Partial<Container> = {},
): k8s.types.input.core.v1.PodSpec {
  return {
    serviceAccountName: args.account.name,
    // It has no rights in the cluster, and so no use for a token.
    automountServiceAccountToken: false,
    nodeSelector: args.pool.placement.nodeSelector,
    tolerations: [...args.pool.placement.tolerations],
    securityContext: podSecurity(args.user),
    containers: [{ ...container(name, args), ...more }],
  };
}

function container(name: string, args: TeamPodArgs): Container {
  const { cpu, memory, gpus } = args.size;
  const gpu =
    gpus > 0 && args.pool.gpuResource !== undefined
      ? { [args.pool.gpuResource]: String(gpus) }
      : {};
  return {
    name,
    image: args.image,
    imagePullPolicy: "IfNotPresent",
    ...(args.command === undefined ? {} : { command: [...args.command] }),
    args: [...args.arguments],
    env: [...args.account.identity.env, ...(args.env ?? [])],
    resources: {
      requests: { cpu, memory, ...gpu },
      limits: { memory, ...gpu },
    },
    securityContext: containerSecurity,
  };
}
