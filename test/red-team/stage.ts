import { createServer, type Server } from "node:net";

import type { Layout } from "../../infra/local/layout";
import type { Kubectl } from "../support/kubectl";
import type { Pod } from "../support/pod-calls";
import type { Stage } from "./answers";

const metadataAddress = "169.254.169.254";
/** Of a range for documentation (RFC 5737), which nobody has. */
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

/** Pods for the attempts, which {@link setStage} makes and the stage's end removes. */
export interface SetStage extends Stage {
  end(): void;
}

/**
 * Makes a pod for each kind of the platform's own that has ended: of its account, its labels, its environment and its
 * settings, with a command that waits; and serves what a cloud or the internet would.
 */
export async function setStage(
  kubectl: Kubectl,
  layout: Layout,
): Promise<SetStage> {
  const known = (namespace: string, ...selector: readonly string[]) => {
    const { items } = kubectl.get<{ readonly items: readonly KnownPod[] }>(
      ...["pods", `--namespace=${namespace}`, ...selector],
    );
    const [pod] = items;
    if (pod === undefined) throw new Error(`no pod of ${selector.join(" ")}`);
    return pod;
  };
  const named = (namespace: string, name: string) =>
    known(namespace, `--field-selector=metadata.name=${name}`);
  const notebook = named("ml", "notebook-first-0");
  const guest = named("guests", "notebook-guest-0");
  const driver = named("ml", "clickstream-features-driver");
  const server = known(
    "ml",
    "--selector=serving.kserve.io/inferenceservice=clickstream-serving",
  );
  const operator = known(
    "spark-operator",
    "--selector=app.kubernetes.io/component=controller",
  );
  const { nodeName } = notebook.spec;
  const waiting = [
    waitingPod("driver", driver, nodeName),
    waitingPod("executor", executorOf(kubectl, driver), nodeName),
    waitingPod(
      "trainer",
      known(
        "ml",
        "--selector=training.kubeflow.org/job-name=clickstream-pytorch",
      ),
      nodeName,
    ),
    waitingPod(
      "pipeline",
      known("ml", "--selector=job-name=clickstream-pipeline"),
      nodeName,
    ),
    plainPod("neighbour", "spark-operator", notebook),
    plainPod("stranger", "default", notebook),
    addresses(nodeName),
  ];
  kubectl.apply(...waiting.map(({ object }) => object));
  for (const { pod } of waiting)
    kubectl.waitFor(`pod/${pod.name}`, "condition=Ready", pod.namespace);
  const listener = await listen(layout.host);
  const pods = Object.fromEntries(
    waiting.map(({ role, pod }) => [role, pod]),
  ) as Stage["pods"];
  return {
    kubectl,
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
      kubelet: { host: notebook.status.hostIP, port: 10250 },
      "image-registry": addressOf(layout.registry),
      "machine-service": {
        host: layout.host,
        port: (listener.address() as { readonly port: number }).port,
      },
      metadata: { host: metadataAddress, port: servedPort },
      internet: { host: internetAddress, port: servedPort },
    },
    end: () => {
      listener.close();
      for (const { pod } of waiting)
        kubectl.run([
          ...["delete", "pod", pod.name, `--namespace=${pod.namespace}`],
          ...["--grace-period=2", "--ignore-not-found", "--wait=false"],
        ]);
    },
  };
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
        tolerations: [{ operator: "Exists" }],
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

/** What Spark would make of the driver's application: executors end with their driver. */
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

function listen(host: string): Promise<Server> {
  return new Promise((resolve, reject) => {
    const server = createServer((socket) => socket.end());
    server.once("error", reject);
    server.listen(0, host, () => resolve(server));
  });
}

function addressOf(text: string): { host: string; port: number } {
  const [host = "", port] = text.split(":");
  return { host, port: Number(port) };
}
