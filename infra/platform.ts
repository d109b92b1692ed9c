import type * as k8s from "@pulumi/kubernetes";
import type { core } from "@pulumi/kubernetes/types/input";
import type * as pulumi from "@pulumi/pulumi";

/** String pairs that may still be unknown at preview; not an `Output` of a record, which type lifting rejects. */
export type StringMap = Readonly<Record<string, pulumi.Input<string>>>;

/** A group of equal machines that grows and shrinks between two bounds. */
export interface NodePool {
  /** Lower-case name, unique in the stack; label `mlstack.dev/pool` carries it on every node. */
  readonly name: string;
  /** The provider's machine type, such as `m7i.xlarge`; without meaning where hosts are given. */
  readonly machineType?: string;
  /** Fewest nodes; 0 lets the pool scale from zero. */
  readonly min: number;
  /** Most nodes, at least `min`. */
  readonly max: number;
  /** Whether the pool takes interruptible capacity. */
  readonly spot: boolean;
  /** Accelerators of each node. */
  readonly gpu?: { readonly count: number; readonly type?: string };
}

/** A pool as pods see it: what to select, what to tolerate, what to ask for. */
export interface PlacedPool extends NodePool {
  readonly placement: {
    readonly nodeSelector: Readonly<Record<string, string>>;
    readonly tolerations: readonly Toleration[];
  };
  /** Extended resource of one accelerator, such as `nvidia.com/gpu`. */
  readonly gpuResource?: string;
}

/** A Kubernetes toleration, as `PodSpec.tolerations` takes it. */
export interface Toleration {
  readonly key: string;
  readonly operator: "Equal" | "Exists";
  readonly value?: string;
  readonly effect: "NoSchedule" | "NoExecute" | "PreferNoSchedule";
}

/** Arguments of an object-storage bucket. */
export interface BucketArgs {
  /** Whether old versions of an object are kept. */
  readonly versioned: boolean;
  /** Days after which old versions and unfinished uploads are removed. */
  readonly expireNoncurrentDays: number;
  /** Whether deletion is refused, as for data in long-lived stacks. */
  readonly protect: boolean;
  /** Whether a deletion takes the objects along, as in short-lived stacks. */
  readonly forceDestroy: boolean;
}

/** A bucket of the target, addressed in its own scheme. */
export interface Bucket {
  readonly name: string;
  readonly resource: pulumi.Resource;
  /** Root of the bucket without a slash at the end: `s3a://…`, `gs://…` or `abfss://…`. */
  readonly uri: pulumi.Output<string>;
}

/** A volume that holds data. */
export interface VolumeArgs {
  readonly namespace: pulumi.Input<string>;
  /** Name of the claim, unique in the namespace. */
  readonly name: string;
  /** Kubernetes quantity; it may grow, and is refused when it shrinks. */
  readonly size: string;
}

/** A volume for one pod at a time, which outlives the pods that mount it. */
export interface Volume {
  /** Name of the claim. */
  readonly claim: pulumi.Output<string>;
  /** Depend on it for the claim to be there. */
  readonly resource: pulumi.Resource;
}

/** Rights of a service account on buckets; it has no others. */
export interface IdentityArgs {
  readonly serviceAccount: {
    readonly namespace: string;
    readonly name: string;
  };
  readonly grants: readonly {
    readonly bucket: Bucket;
    readonly access: "read" | "write";
  }[];
}

/** Credentials of a service account's pods for the object store. */
export interface Identity {
  /** Annotations of the service account. */
  readonly annotations: StringMap;
  /** Labels of the pods. */
  readonly podLabels: StringMap;
  /** Environment of the containers; credentials come from secrets only. */
  readonly env: readonly core.v1.EnvVar[];
  /** Hadoop settings (`fs.s3a.…`, `fs.gs.…`, `fs.azure.…`), without the `spark.hadoop.` prefix. */
  readonly hadoopConf: StringMap;
  /** Secrets of the namespace that the pods pull images with, where the nodes have no right to the registry by themselves. */
  readonly imagePullSecrets?: readonly pulumi.Input<string>[];
  /** Resources to create before a pod can use the identity. */
  readonly ready: readonly pulumi.Resource[];
  /**
   * Waits, once the service account is there, until the object store lets its pods in; absent where it does at once.
   *
   * @returns resources to create before a pod can use the identity, beside those of `ready`
   */
  admitted?(account: pulumi.Resource): readonly pulumi.Resource[];
}

/** Registry to which the program pushes the workloads' images, and from which the nodes pull them. */
export interface ImageRegistry {
  /** Prefix of every reference, such as `mlstack.local` or a repository of the cloud's registry. */
  readonly prefix: pulumi.Input<string>;
  /** Folder of a registry's file-system driver, where images are stored before a registry serves them. */
  readonly storage?: string;
  /** Command that gives the nodes an image, `{image}`, in place of a push. */
  readonly load?: string;
  /** Makes what an image needs before it can be pushed, where the registry wants that; once for each name. */
  room?(image: string): pulumi.Resource;
}

/** TCP ports of an address range or of a namespace's pods; all ports where none are given. */
export type Destination = { readonly ports: readonly number[] | undefined } & (
  | { readonly cidr: string; readonly except?: readonly string[] }
  | { readonly namespace: string }
);

/** Addresses that pods of every namespace may need, and those that none does; input of network policies. */
export interface ClusterNetwork {
  /** Addresses of the API server before and after the translation of its service's address. */
  readonly apiServer: readonly Destination[];
  readonly objectStore: readonly Destination[];
  /** Addresses from which pods get credentials of their identities, if that is not the API server. */
  readonly identity: readonly Destination[];
  /** Ranges that only a named opening leads into: of nodes, pods, services, and of what tells nodes their credentials. */
  readonly closed: readonly string[];
}

/** Interface of every target; code above `infra/` depends on nothing else of it. */
export interface Platform {
  /** Secret. */
  readonly kubeconfig: pulumi.Output<string>;
  readonly provider: k8s.Provider;
  readonly pools: readonly PlacedPool[];
  /** Storage classes: `block` for one node at a time, `shared` for many. */
  readonly storage: {
    readonly block: pulumi.Input<string>;
    readonly shared?: pulumi.Input<string>;
    /** Whether volumes of `block` grow when their claims do. */
    readonly expandable: boolean;
  };
  /**
   * Whether the client of its buckets can give up a write before anything of it is seen. Where it cannot, a file that must
   * be whole is written under another name and renamed.
   */
  readonly abortableWrites: boolean;
  /** Component that advertises GPUs: the target itself, or a device plugin that the program installs. */
  readonly gpuDriver: "managed" | "device-plugin";
  readonly images: ImageRegistry;
  readonly clusterNetwork: ClusterNetwork;
  /** A volume that holds data: protected in long-lived stacks, removed with short-lived ones. */
  volume(
    name: string,
    args: VolumeArgs,
    opts: pulumi.ComponentResourceOptions,
  ): Volume;
  bucket(
    name: string,
    args: BucketArgs,
    opts: pulumi.ComponentResourceOptions,
  ): Bucket;
  identity(
    name: string,
    args: IdentityArgs,
    opts: pulumi.ComponentResourceOptions,
  ): Identity;
}
