import * as k8s from "@pulumi/kubernetes";
import type * as pulumi from "@pulumi/pulumi";

/** Port of a Service; `name` is also the name of the pods' port unless `targetPort` says another. */
type ServicePort = k8s.types.input.core.v1.ServicePort;

/**
 * A Service in front of pods. The provider does not wait for its endpoints: a StatefulSet makes its pods only after its
 * Service is there, and whatever needs an answer waits for the pods.
 */
export function podService(
  name: string,
  args: {
    readonly metadata: k8s.types.input.meta.v1.ObjectMeta;
    readonly selector: Readonly<Record<string, string>>;
    readonly ports: ServicePort[];
  },
  opts: pulumi.CustomResourceOptions,
): k8s.core.v1.Service {
  const { metadata, selector, ports } = args;
  return new k8s.core.v1.Service(
    name,
    {
      metadata: {
        ...metadata,
        annotations: { "pulumi.com/skipAwait": "true" },
      },
      spec: { selector, ports },
    },
    opts,
  );
}
