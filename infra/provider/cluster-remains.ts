import { z } from "zod";

const metadata = z.object({
  name: z.string(),
  namespace: z.string().default(""),
  deletionTimestamp: z.string().optional(),
});

/** A PersistentVolume, as far as it says whether there is a disk behind it. */
export const volumeSchema = z.object({
  metadata,
  spec: z.object({
    persistentVolumeReclaimPolicy: z.string().default("Retain"),
    claimRef: z
      .object({ namespace: z.string(), name: z.string() })
      .partial()
      .optional(),
  }),
  status: z.object({ phase: z.string().default("") }).prefault({}),
});

/** A Service, as far as it says whether there is a load balancer behind it. */
export const serviceSchema = z.object({
  metadata,
  spec: z.object({ type: z.string().default("ClusterIP") }),
});

/** An Ingress, likewise. */
export const ingressSchema = z.object({
  metadata,
  status: z
    .object({
      loadBalancer: z
        .object({ ingress: z.array(z.unknown()).default([]) })
        .prefault({}),
    })
    .prefault({}),
});

/** A PersistentVolumeClaim. */
export const claimSchema = z.object({ metadata });

/** A Pod, as far as it names claims. */
export const podSchema = z.object({
  metadata,
  spec: z.object({
    volumes: z
      .array(
        z.object({
          persistentVolumeClaim: z.object({ claimName: z.string() }).optional(),
        }),
      )
      .default([]),
  }),
});

type Volume = z.output<typeof volumeSchema>;
type Service = z.output<typeof serviceSchema>;
type Ingress = z.output<typeof ingressSchema>;
type Claim = z.output<typeof claimSchema>;
type Pod = z.output<typeof podSchema>;

/** Something outside the cluster that an object in it stands for. */
export interface Remains {
  /** Kind and name, for example `volume ml/data`. */
  readonly title: string;
  /** Whether its removal is under way. */
  readonly going: boolean;
  /** API path of the object to delete; absent where only waiting is left. */
  readonly path?: string;
  /** Command that removes it. */
  readonly command: string;
}

/**
 * The cloud resources that still belong to the cluster. A volume whose reclaim policy is `Retain` is left out: somebody
 * chose that it outlives the cluster.
 */
export function remainsOf(found: {
  readonly volumes: readonly Volume[];
  readonly claims: readonly Claim[];
  readonly services: readonly Service[];
  readonly ingresses: readonly Ingress[];
}): readonly Remains[] {
  const leaving = leavingClaims(found.claims);
  return [
    ...found.volumes
      .filter(({ spec }) => spec.persistentVolumeReclaimPolicy === "Delete")
      .map((volume) => volumeRemains(volume, leaving)),
    ...found.services
      .filter(({ spec }) => spec.type === "LoadBalancer")
      .map((service) => objectRemains("service", "/api/v1", service)),
    ...found.ingresses
      .filter(({ status }) => status.loadBalancer.ingress.length > 0)
      .map((ingress) =>
        objectRemains("ingress", "/apis/networking.k8s.io/v1", ingress),
      ),
  ];
}

function volumeRemains(
  { metadata: own, spec, status }: Volume,
  leaving: ReadonlySet<string>,
): Remains {
  const { namespace, name } = spec.claimRef ?? {};
  if (status.phase === "Bound" && namespace && name) {
    return {
      title: `volume of ${namespace}/${name}`,
      going: leaving.has(`${namespace}/${name}`),
      path: `/api/v1/namespaces/${namespace}/persistentvolumeclaims/${name}`,
      command: `kubectl delete persistentvolumeclaim --namespace ${namespace} ${name}`,
    };
  }
  const path = `/api/v1/persistentvolumes/${own.name}`;
  const command = `kubectl delete persistentvolume ${own.name}`;
  // Its driver removes a released volume; one that nobody has claimed is left to its maker.
  return status.phase === "Available" && own.deletionTimestamp === undefined
    ? { title: `volume ${own.name}`, going: false, path, command }
    : { title: `volume ${own.name}`, going: true, command };
}

function objectRemains(
  kind: "service" | "ingress",
  root: string,
  { metadata: own }: Service | Ingress,
): Remains {
  const plural = kind === "service" ? "services" : "ingresses";
  return {
    title: `load balancer of ${kind} ${own.namespace}/${own.name}`,
    going: own.deletionTimestamp !== undefined,
    path: `${root}/namespaces/${own.namespace}/${plural}/${own.name}`,
    command: `kubectl delete ${kind} --namespace ${own.namespace} ${own.name}`,
  };
}

/** Paths of the pods that hold claims back which are to go. */
export function usersOf(
  claims: readonly Claim[],
  pods: readonly Pod[],
): readonly string[] {
  const leaving = leavingClaims(claims);
  return pods
    .filter(({ metadata: own, spec }) =>
      spec.volumes.some(({ persistentVolumeClaim: claim }) =>
        leaving.has(`${own.namespace}/${claim?.claimName ?? ""}`),
      ),
    )
    .map(
      ({ metadata: own }) =>
        `/api/v1/namespaces/${own.namespace}/pods/${own.name}`,
    );
}

function leavingClaims(claims: readonly Claim[]): ReadonlySet<string> {
  return new Set(
    claims
      .filter(({ metadata: own }) => own.deletionTimestamp !== undefined)
      .map(({ metadata: own }) => `${own.namespace}/${own.name}`),
  );
}

/** At most a few by name, so that a line stays a line. */
export function describeRemains(remains: readonly Remains[]): string {
  const shown = remains.slice(0, 5).map(({ title }) => title);
  const more = remains.length - shown.length;
  return [...shown, ...(more > 0 ? [`${more} more`] : [])].join(", ");
}
