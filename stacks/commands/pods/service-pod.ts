import type { CoreV1Api, V1Pod } from "@kubernetes/client-node";

import { CommandError } from "../cli/command-error";

/** A pod behind a service, and the port of it that the service leads to. */
export interface ServicePod {
  readonly pod: V1Pod;
  readonly name: string;
  readonly port: number;
}

/** Service of a URL of the form `http://<service>.<namespace>.svc`. */
export function serviceOf(url: string): {
  readonly name: string;
  readonly namespace: string;
} {
  const [name = "", namespace = ""] = new URL(url).hostname.split(".");
  return { name, namespace };
}

/** One that is ready of the pods behind a service. @throws {CommandError} when none is */
export async function readyPod(
  core: CoreV1Api,
  service: { readonly name: string; readonly namespace: string },
): Promise<ServicePod> {
  const { spec } = await core.readNamespacedService(service);
  const { items } = await core.listNamespacedPod({
    namespace: service.namespace,
    labelSelector: Object.entries(spec?.selector ?? {})
      .map(([label, value]) => `${label}=${value}`)
      .join(),
  });
  const pod = items.find(({ status }) =>
    status?.conditions?.some(
      ({ type, status }) => type === "Ready" && status === "True",
    ),
  );
  const target = spec?.ports?.[0]?.targetPort;
  const port =
    typeof target === "number"
      ? target
      : pod?.spec?.containers
          .flatMap(({ ports }) => ports ?? [])
          .find((each) => each.name === target)?.containerPort;
  const name = pod?.metadata?.name;
  if (pod === undefined || name === undefined || port === undefined) {
    throw new CommandError(
      `${service.namespace}/${service.name}: no pod of it is ready`,
    );
  }
  return { pod, name, port };
}
