import { Release } from "@pulumi/kubernetes/helm/v3";
import type * as pulumi from "@pulumi/pulumi";

import { chartOfRelease } from "./charts/chart-source";
import { charts } from "./versions";

/**
 * Advertises the GPUs of nodes labelled `nvidia.com/gpu.present`, on nodes whose image has the
 * driver. It tolerates every taint of such a node, also the ones that spot capacity carries.
 */
export function nvidiaDevicePlugin(
  name: string,
  opts: pulumi.CustomResourceOptions,
): Release {
  return new Release(
    `${name}-device-plugin`,
    {
      name: "nvidia-device-plugin",
      namespace: "kube-system",
      ...chartOfRelease(charts.nvidiaDevicePlugin),
      // No GPU node may run yet when the pool scales from zero.
      skipAwait: true,
      values: {
        tolerations: [{ operator: "Exists" }],
        resources: {
          requests: { cpu: "10m", memory: "64Mi" },
          limits: { memory: "128Mi" },
        },
      },
    },
    opts,
  );
}
