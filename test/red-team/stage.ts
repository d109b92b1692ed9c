import { createServer, type Server } from "node:net";

import { gpuTaint, spotTaint } from "../../infra/pools/placement";
import type { Kubectl } from "../support/kubectl";
import type { Pod } from "../support/pod-calls";
import type { Address, Stage } from "./answers";
import { urgentClass } from "./attempts";

const metadataAddress = "169.254.169.254";
/** Address of a range for documentation (RFC 5737), which nobody uses. */
const internetAddress = "198.51.100.1";
const servedPort = 18080;
const notebookPort = 8888;

interface KnownPod {
  readonly metadata: {
    readonly name: string;
    readonly namespace: string;
    readonly labels: Readonly<Record<string, string>>;
  };
  readonly spec: {
    readonly nodeName: string;
    readonly serviceAccountName: string;
    readonly automountServiceAccountToken?: boolean;
    readonly securityContext: object;
    readonly containers: readonly {
      readonly name: string;
      readonly image: string;
      readonly env?: readonly object[];
      readonly securityContext: object;
    }[];
  };
  readonly status: { readonly podIP: string; readonly hostIP: string };
}

/** Facts that differ between targets. */
export interface Origins {
  /** Labels of the team's pods of which the attempts' are copies. */
  readonly selectors: {
    readonly trainer: string;
    readonly server: string;
    readonly pipeline?: string;
  };
  /** A service of a machine that the cluster runs on. */
  readonly machineService: Address;
  readonly imageRegistry?: Address;
}

/** Pods for the attempts, which {@link setStage} makes and the stage's end removes. */
export interface SetStage extends Stage {
  end(): void;
}

/**
 * Makes a pod for each kind of the platform's own that has ended: of its account, its labels, its environment and its
 * settings, with a command that waits; and serves what a cloud or the internet would.
 */
export function setStage(
  kubectl: Kubectl,
  { selectors, machineService, imageRegistry }: Origins,
): SetStage {
  const known = podsOf(kubectl);
  const named = (namespace: string, name: string) =>
    known(namespace, `--field-selector=metadata.name=${name}`);
  const notebook = named("ml", "notebook-first-0");
  const guest = named("guests", "notebook-guest-0");
  const driver = named("ml", "clickstream-features-driver");
  const server = known("ml", `--selector=${selectors.server}`);
  const operator = known(
    "spark-operator",
    "--selector=app.kubernetes.io/component=controller",
  );
  const nameServer = known("kube-system", "--selector=k8s-app=kube-dns");
  const webhook = known(
    "spark-operator",
    "--selector=app.kubernetes.io/component=webhook",
  );
  const { nodeName } = notebook.spec;
  const waiting = [
    waitingPod("driver", driver, nodeName),
    waitingPod("executor", executorOf(kubectl, driver), nodeName),
    ...(["trainer", "pipeline"] as const).flatMap((role) => {
      const selector = selectors[role];
      return selector === undefined
        ? []
        : [waitingPod(role, known("ml", `--selector=${selector}`), nodeName)];
    }),
    plainPod("neighbour", "spark-operator", notebook),
    plainPod("stranger", "default", notebook),
    addresses(nodeName),
  ];
  const pods = start(kubectl, waiting);
  kubectl.apply({
    apiVersion: "scheduling.k8s.io/v1",
    kind: "PriorityClass",
    metadata: { name: urgentClass },
    value: 1000,
  });
  return {
    kubectl,
    node: nodeName,
    pods: {
      ...pods,
      notebook: notebook.metadata,
      guest: guest.metadata,
      server: server.metadata,
    },
    places: {
      "guest-notebook": { host: guest.status.podIP, port: notebookPort },
      "member-notebook": { host: notebook.status.podIP, port: notebookPort },
      "model-server": { host: server.status.podIP, port: 8080 },
      "operator-metrics": { host: operator.status.podIP, port: 8080 },
      "operator-webhook": { host: webhook.status.podIP, port: 9443 },
      "name-server": { host: nameServer.status.podIP, port: 53 },
      "name-server-metrics": { host: nameServer.status.podIP, port: 9153 },
      kubelet: { host: notebook.status.hostIP, port: 10250 },
      ...(imageRegistry && { "image-registry": imageRegistry }),
      "machine-service": machineService,
      metadata: { host: metadataAddress, port: servedPort },
      internet: { host: internetAddress, port: servedPort },
    },
    end: () => {
      kubectl.run([
        "delete",
        "priorityclass",
        urgentClass,
        "--ignore-not-found",
      ]);
      end(kubectl, waiting);
    },
  };
}

/** The same for the attempts at what a stream brings: of a stack with Kafka, Redis and observability. */
export function setStreamStage(kubectl: Kubectl): SetStage {
  const known = podsOf(kubectl);
  const driver = known("ml", "--selector=spark-role=driver");
  const waiting = [
    waitingPod("driver", driver, driver.spec.nodeName),
    plainPod("stranger", "default", driver),
    plainPod("watcher", "observability", driver),
  ];
  const address = (namespace: string, name: string, port: number) => ({
    host: known(namespace, `--selector=app.kubernetes.io/name=${name}`).status
      .podIP,
    port,
  });
  const services = "observability";
  return {
    kubectl,
    node: driver.spec.nodeName,
    pods: start(kubectl, waiting),
    places: {
      kafka: address("kafka", "kafka", 9092),
      redis: address("ml", "clickstream-stream-online", 6379),
      pushgateway: address(services, "pushgateway", 9091),
      prometheus: address(services, "prometheus", 9090),
      "kube-state-metrics": address(services, "kube-state-metrics", 8080),
    },
    end: () => end(kubectl, waiting),
  };
}

/** The first pod of a namespace that a selector finds. */
function podsOf(kubectl: Kubectl) {
  return (namespace: string, ...selector: readonly string[]) => {
    const { items } = kubectl.get<{ readonly items: readonly KnownPod[] }>(
      ...["pods", `--namespace=${namespace}`, ...selector],
    );
    const [pod] = items;
    if (pod === undefined) throw new Error(`no pod of ${selector.join(" ")}`);
    return pod;
  };
}

/** Makes pods, and waits until they are ready. */
function start(
  kubectl: Kubectl,
  waiting: readonly WaitingPod[],
): Stage["pods"] {
  kubectl.apply(...waiting.map(({ object }) => object));
  for (const { pod } of waiting)
    kubectl.waitFor(`pod/${pod.name}`, "condition=Ready", pod.namespace);
  return Object.fromEntries(waiting.map(({ role, pod }) => [role, pod]));
}

function end(kubectl: Kubectl, waiting: readonly WaitingPod[]): void {
  for (const { pod } of waiting)
    kubectl.run([
      ...["delete", "pod", pod.name, `--namespace=${pod.namespace}`],
      ...["--grace-period=2", "--ignore-not-found", "--wait=false"],
    ]);
}

interface WaitingPod {
  readonly role: string;
  readonly pod: Pod;
  readonly object: object;
}

/** The labels by which controllers take a pod for one of theirs. */
const controllers =
  /^(sparkoperator\.k8s\.io|training\.kubeflow\.org|batch\.kubernetes\.io|job-name|controller-uid|statefulset|apps\.kubernetes|sidecar)/;

function waitingPod(
  role: string,
  { metadata, spec }: KnownPod,
  nodeName: string,
): WaitingPod {
  const [container] = spec.containers;
  if (container === undefined) throw new Error(`${metadata.name} is empty`);
  const labels = Object.entries(metadata.labels).filter(
    ([label]) => !controllers.test(label),
  );
  const pod = { namespace: metadata.namespace, name: `red-team-${role}` };
  return {
    role,
    pod,
    object: {
      apiVersion: "v1",
      kind: "Pod",
      metadata: { ...pod, labels: Object.fromEntries(labels) },
      spec: {
        nodeSelector: { "kubernetes.io/hostname": nodeName },
        // No pod of a team tolerates all taints.
        tolerations: [gpuTaint, spotTaint].map(({ key }) => ({
          key,
          operator: "Exists",
        })),
        restartPolicy: "Never",
        serviceAccountName: spec.serviceAccountName,
        ...(spec.automountServiceAccountToken === undefined
          ? {}
          : {
              automountServiceAccountToken: spec.automountServiceAccountToken,
            }),
        securityContext: spec.securityContext,
        containers: [
          {
            name: role,
            image: container.image,
            imagePullPolicy: "IfNotPresent",
            command: ["sleep", "infinity"],
            env: container.env,
            securityContext: container.securityContext,
            resources: {
              requests: { cpu: "10m", memory: "32Mi" },
              limits: { memory: "512Mi" },
            },
          },
        ],
      },
    },
  };
}

/** Executor pod that Spark would create for the driver's application: executors end with their driver. */
function executorOf(kubectl: Kubectl, driver: KnownPod): KnownPod {
  const { spec } = kubectl.get<{
    readonly spec: {
      readonly executor: {
        readonly template: {
          readonly spec: { readonly automountServiceAccountToken?: boolean };
        };
      };
    };
  }>("sparkapplication", "clickstream-features", "--namespace=ml");
  return {
    ...driver,
    metadata: {
      ...driver.metadata,
      labels: { ...driver.metadata.labels, "spark-role": "executor" },
    },
    spec: {
      ...driver.spec,
      automountServiceAccountToken:
        spec.executor.template.spec.automountServiceAccountToken,
    },
  };
}

/** A pod of nobody's in a namespace, with Python. */
function plainPod(
  role: string,
  namespace: string,
  { metadata, spec }: KnownPod,
): WaitingPod {
  return waitingPod(
    role,
    {
      metadata: { ...metadata, namespace, labels: {} },
      spec: {
        ...spec,
        serviceAccountName: "default",
        automountServiceAccountToken: false,
        containers: spec.containers.map((container) => ({
          ...container,
          env: [],
        })),
      },
      status: { podIP: "", hostIP: "" },
    },
    spec.nodeName,
  );
}

/** Gives the node a cloud's metadata address and one of the internet, and answers there. */
function addresses(nodeName: string): WaitingPod {
  const pod = { namespace: "default", name: "red-team-addresses" };
  const script = [
    ...[metadataAddress, internetAddress].map(
      (address) => `ip address replace ${address}/32 dev lo`,
    ),
    `nc -ll -p ${servedPort} -e true &`,
    "wait",
  ].join("\n");
  const removal = [metadataAddress, internetAddress]
    .map((address) => `ip address delete ${address}/32 dev lo`)
    .join("; ");
  return {
    role: "addresses",
    pod,
    object: {
      apiVersion: "v1",
      kind: "Pod",
      metadata: pod,
      spec: {
        nodeName,
        hostNetwork: true,
        tolerations: [{ operator: "Exists" }],
        restartPolicy: "Never",
        containers: [
          {
            name: "addresses",
            image: "docker.io/library/busybox:1.37.0",
            command: ["sh", "-c", `trap '${removal}; exit' TERM\n${script}`],
            securityContext: { privileged: true },
          },
        ],
      },
    },
  };
}

/** A service on this machine, until it is closed. */
export function listen(
  host: string,
): Promise<{ readonly address: Address; readonly server: Server }> {
  return new Promise((resolve, reject) => {
    const server = createServer((socket) => socket.end());
    server.once("error", reject);
    server.listen(0, host, () => {
      const { port } = server.address() as { readonly port: number };
      resolve({ address: { host, port }, server });
    });
  });
}

/** Reads `host:port`. */
export function addressOf(text: string): Address {
  const [host = "", port] = text.split(":");
  return { host, port: Number(port) };
}
