import * as k8s from "@pulumi/kubernetes";
import * as pulumi from "@pulumi/pulumi";

import { readOnlySecurity, processSecurity } from "../pods/restricted-pod";
import { images } from "../versions";
import { podService } from "../pods/pod-service";

/** Port that jobs push to, and Prometheus reads. */
export const pushgatewayPort = 9091;

const name = "pushgateway";
const labels = { "app.kubernetes.io/name": name };

/** A Pushgateway: it keeps the metrics that jobs pushed at their end until they are deleted. @returns its URL */
export function pushgateway(
  namespace: pulumi.Output<string>,
  opts: pulumi.CustomResourceOptions,
): pulumi.Output<string> {
  const metadata = { name, namespace, labels };
  const service = podService(
    name,
    {
      metadata,
      selector: labels,
      ports: [{ name: "http", port: pushgatewayPort }],
    },
    opts,
  );
  const deployment = new k8s.apps.v1.Deployment(
    name,
    {
      metadata,
      spec: {
        replicas: 1,
        // Two would each have a part of what was pushed.
        strategy: { type: "Recreate" },
        selector: { matchLabels: labels },
        template: { metadata: { labels }, spec: pod },
      },
    },
    opts,
  );
  return pulumi
    .all([service.metadata, deployment.metadata])
    .apply(
      ([its]) => `http://${its.name}.${its.namespace}.svc:${pushgatewayPort}`,
    );
}

const pod: k8s.types.input.core.v1.PodSpec = {
  automountServiceAccountToken: false,
  enableServiceLinks: false,
  securityContext: processSecurity(65534),
  containers: [
    {
      name,
      image: images.pushgateway,
      ports: [{ name: "http", containerPort: pushgatewayPort }],
      readinessProbe: {
        httpGet: { path: "/-/ready", port: "http" },
        periodSeconds: 1,
      },
      resources: {
        requests: { cpu: "10m", memory: "32Mi" },
        limits: { memory: "128Mi" },
      },
      securityContext: readOnlySecurity,
    },
  ],
};
