/** Who tries. Those in pods have the account, the environment and the network of the platform's own pod of that kind. */
export type Actor =
  | "member"
  | "viewer"
  | "driver"
  | "executor"
  | "trainer"
  | "pipeline"
  | "server"
  | "notebook"
  | "guest"
  /** In the namespace default, which is no team's. */
  | "stranger";

/** Who may do what an attempt tries: besides the actors, those who administer the cluster, and neighbours. */
export type Witness =
  Actor | "administrator" | "machine" | "neighbour" | "watcher";

/** Addresses, which are the cluster's to tell. */
export type Place =
  | "guest-notebook"
  | "member-notebook"
  | "model-server"
  | "operator-metrics"
  | "operator-webhook"
  | "name-server"
  | "name-server-metrics"
  | "kubelet"
  | "image-registry"
  | "machine-service"
  | "metadata"
  | "internet"
  | StreamPlace;

/** Addresses of what a stream and its observability bring. */
export type StreamPlace =
  "kafka" | "redis" | "pushgateway" | "prometheus" | "kube-state-metrics";

/** Layer that must refuse an attempt. */
export type Layer =
  | "network policy"
  | "roles"
  | "admission policy"
  | "Pod Security"
  | "quota"
  | "no token"
  | "object store";

/** Action of an attempt: on a command line, or from within a pod. */
export type Action =
  | { readonly kubectl: readonly string[]; readonly object?: object }
  | { readonly connect: Place }
  | {
      readonly api: string;
      readonly method?: "GET" | "POST" | "DELETE";
      readonly body?: object;
    }
  | {
      /** `open` lets everybody read and write a bucket, `make` makes one, `accounts` lists the store's. */
      readonly store: "read" | "write" | "list" | "open" | "make" | "accounts";
      readonly bucket: string;
    }
  | {
      /**
       * Calls on a bucket that the pod may write: `batch` names a key in `other` in a deletion of several, `upload` has an
       * upload ID that leads there, `own batch` names a key of the bucket.
       */
      readonly store: "batch" | "upload" | "own batch";
      readonly bucket: string;
      readonly other?: string;
    };

/** An attempt that must be refused, and the request beside it that must not be: a refusal of everything proves nothing. */
export interface Attempt {
  readonly who: Actor;
  readonly what: string;
  readonly action: Action;
  readonly layer: Layer;
  /** Who may do it, or what else the same one may do. */
  readonly control: { readonly who: Witness; readonly action?: Action };
}

const security = {
  allowPrivilegeEscalation: false,
  capabilities: { drop: ["ALL"] },
};

/** A pod that a team may have. */
const pod = (
  spec: object = {},
  labels: object = {},
  container: object = {},
) => ({
  apiVersion: "v1",
  kind: "Pod",
  metadata: { name: "attempt", labels },
  spec: {
    restartPolicy: "Never",
    securityContext: {
      runAsNonRoot: true,
      runAsUser: 1000,
      seccompProfile: { type: "RuntimeDefault" },
    },
    containers: [
      {
        name: "attempt",
        image: "registry.k8s.io/pause:3.10.1",
        resources: { requests: { cpu: "10m", memory: "16Mi" } },
        securityContext: security,
        ...container,
      },
    ],
    ...spec,
  },
});

const service = (spec: object) => ({
  apiVersion: "v1",
  kind: "Service",
  metadata: { name: "attempt" },
  spec: { selector: { app: "attempt" }, ports: [{ port: 80 }], ...spec },
});

const claim = (storage: string) => ({
  apiVersion: "v1",
  kind: "PersistentVolumeClaim",
  metadata: { name: "attempt" },
  spec: {
    accessModes: ["ReadWriteOnce"],
    resources: { requests: { storage } },
  },
});

/** A priority class of the cluster, which the stage makes. */
export const urgentClass = "red-team-urgent";

const application = (change: object = {}, conf: object = {}) => ({
  apiVersion: "sparkoperator.k8s.io/v1beta2",
  kind: "SparkApplication",
  metadata: { name: "attempt" },
  spec: {
    type: "Python",
    mode: "cluster",
    sparkVersion: "3.5.7",
    image: "registry.example/job",
    mainApplicationFile: "local:///opt/job.py",
    sparkConf: { "spark.sql.shuffle.partitions": "8", ...conf },
    driver: {
      cores: 1,
      memory: "512m",
      serviceAccount: "clickstream-features",
    },
    executor: { cores: 1, memory: "512m", instances: 1 },
    ...change,
  },
});

/** One that the pipeline is declared with. */
const ownApplication = (change: object = {}, conf: object = {}) =>
  application(
    {
      driver: { cores: 1, memory: "512m", serviceAccount: "clickstream-fit" },
      ...change,
    },
    conf,
  );

const training = {
  apiVersion: "kubeflow.org/v1",
  kind: "PyTorchJob",
  metadata: { name: "attempt" },
  spec: {
    pytorchReplicaSpecs: {
      Master: {
        replicas: 1,
        template: {
          spec: {
            containers: [{ name: "pytorch", image: "registry.example" }],
          },
        },
      },
    },
  },
};

const everyWay = {
  apiVersion: "networking.k8s.io/v1",
  kind: "NetworkPolicy",
  metadata: { name: "attempt" },
  spec: { podSelector: {}, policyTypes: ["Egress"], egress: [{}] },
};

const binding = {
  apiVersion: "rbac.authorization.k8s.io/v1",
  kind: "RoleBinding",
  metadata: { name: "attempt" },
  roleRef: {
    apiGroup: "rbac.authorization.k8s.io",
    kind: "ClusterRole",
    name: "cluster-admin",
  },
  subjects: [
    { apiGroup: "rbac.authorization.k8s.io", kind: "User", name: "mallory" },
  ],
};

const scheduled = (template: object) => ({
  apiVersion: "sparkoperator.k8s.io/v1beta2",
  kind: "ScheduledSparkApplication",
  metadata: { name: "attempt" },
  spec: { schedule: "0 0 * * *", template },
});

const folderOfANode = {
  apiVersion: "v1",
  kind: "PersistentVolume",
  metadata: { name: "attempt" },
  spec: {
    accessModes: ["ReadWriteOnce"],
    capacity: { storage: "1Gi" },
    hostPath: { path: "/" },
  },
};

const namespace = {
  apiVersion: "v1",
  kind: "Namespace",
  metadata: { name: "attempt" },
};

const webhook = {
  apiVersion: "admissionregistration.k8s.io/v1",
  kind: "MutatingWebhookConfiguration",
  metadata: { name: "attempt" },
  webhooks: [],
};

const foreignAddresses = {
  apiVersion: "discovery.k8s.io/v1",
  kind: "EndpointSlice",
  metadata: {
    name: "attempt",
    labels: { "kubernetes.io/service-name": "attempt" },
  },
  addressType: "IPv4",
  endpoints: [{ addresses: ["203.0.113.9"] }],
  ports: [{ port: 10250 }],
};

const everyRight = {
  apiVersion: "rbac.authorization.k8s.io/v1",
  kind: "Role",
  metadata: { name: "attempt" },
  rules: [{ apiGroups: ["*"], resources: ["*"], verbs: ["*"] }],
};

const secretVariable = (name: string) => ({
  name: "KEY",
  valueFrom: { secretKeyRef: { name, key: "AWS_SECRET_ACCESS_KEY" } },
});

/** Asks the API server, which keeps nothing. */
const create = (object: object, namespace = "ml"): Action => ({
  kubectl: ["create", "--dry-run=server", "-f", "-", "-n", namespace],
  object,
});
const remove = (what: string, name: string, namespace = "ml"): Action => ({
  kubectl: ["delete", "--dry-run=server", what, name, "-n", namespace],
});
const read = (...args: readonly string[]): Action => ({
  kubectl: ["get", ...args],
});

/** In the words of a command line, stands for the name of a node, which is the cluster's to tell. */
export const someNode = "NODE";

const tokenOf = (account: string): Action => ({
  kubectl: ["create", "token", account, "-n", "ml"],
});

const dryRun = "dryRun=All";
const apiOf = (namespace: string, kind: string) =>
  `/api/v1/namespaces/${namespace}/${kind}`;
const postPod = (body: object, namespace = "ml"): Action => ({
  method: "POST",
  api: `${apiOf(namespace, "pods")}?${dryRun}`,
  body,
});
const deleteOf = (kind: string, name: string): Action => ({
  method: "DELETE",
  api: `${apiOf("ml", kind)}/${name}?${dryRun}`,
});
const postApplication = (body: object, namespace = "ml"): Action => ({
  method: "POST",
  api: `/apis/sparkoperator.k8s.io/v1beta2/namespaces/${namespace}/sparkapplications?${dryRun}`,
  body,
});

const executorLabels = { "spark-role": "executor", "spark-app-selector": "x" };
const ownAccount = { serviceAccountName: "clickstream-features" };
const executorPod = pod(ownAccount, executorLabels);

/** An attempt from the command line of a member. */
const member = (
  what: string,
  action: Action,
  layer: Layer,
  control: Attempt["control"] = { who: "administrator" },
): Attempt => ({ who: "member", what, action, layer, control });

const fairPod = { who: "member", action: create(pod()) } as const;
const fairService = { who: "member", action: create(service({})) } as const;
const fairApplication = {
  who: "member",
  action: create(application()),
} as const;

const conf = (what: string, key: string, value: string) =>
  member(
    `a SparkApplication whose ${what}`,
    create(application({}, { [key]: value })),
    "admission policy",
    fairApplication,
  );

const connect = (
  who: Actor,
  what: string,
  place: Place,
  control: Witness,
): Attempt => ({
  who,
  what: `connects to ${what}`,
  action: { connect: place },
  layer: "network policy",
  control: { who: control },
});

const noToken = (who: Actor): Attempt => ({
  who,
  what: "asks the API server for the pods of its team",
  action: { api: apiOf("ml", "pods") },
  layer: "no token",
  control: { who: "driver" },
});

const storeWords = {
  read: (bucket: string) => `reads an object of the bucket ${bucket}`,
  write: (bucket: string) => `writes an object of the bucket ${bucket}`,
  list: (bucket: string) => `lists the bucket ${bucket}`,
  open: (bucket: string) => `opens the bucket ${bucket} to everybody`,
  make: (bucket: string) => `makes the bucket ${bucket}`,
  accounts: () => "asks the object store for its accounts",
};

const store = (
  who: Actor,
  operation: keyof typeof storeWords,
  bucket: string,
  control: Attempt["control"],
): Attempt => ({
  who,
  what: storeWords[operation](bucket),
  action: { store: operation, bucket },
  layer: "object store",
  control,
});

/** Every attempt of a team's people and pods on what is not theirs. */
export const attempts: readonly Attempt[] = [
  // With kubectl.
  member("the pods of another team", read("pods", "-n", "guests"), "roles"),
  member(
    "the secrets of another team",
    read("secrets", "-n", "guests"),
    "roles",
  ),
  member(
    "the secrets of the object store",
    read("secrets", "-n", "versitygw"),
    "roles",
  ),
  member("the secrets of all", read("secrets", "--all-namespaces"), "roles"),
  member("a pod in kube-system", create(pod(), "kube-system"), "roles"),
  member("a training in another team", create(training, "guests"), "roles", {
    who: "member",
    action: create(training),
  }),
  member(
    "a command in a pod of another team",
    { kubectl: ["exec", "-n", "guests", "notebook-guest-0", "--", "true"] },
    "roles",
  ),
  member(
    "the token of an account of kube-system",
    { kubectl: ["create", "token", "default", "-n", "kube-system"] },
    "roles",
  ),
  member("cluster-admin, bound in its namespace", create(binding), "roles"),
  member(
    "the quota of its team removed",
    remove("resourcequota", "--all"),
    "roles",
  ),
  member(
    "Pod Security of its namespace lifted",
    {
      kubectl: [
        ...["label", "--dry-run=server", "--overwrite", "namespace", "ml"],
        "pod-security.kubernetes.io/enforce=privileged",
      ],
    },
    "roles",
  ),
  member(
    "an admission policy unbound",
    {
      kubectl: [
        ...["delete", "--dry-run=server"],
        ...["validatingadmissionpolicybinding", "mlstack-services"],
      ],
    },
    "roles",
  ),
  member(
    "the kubelet, through the API server",
    read("--raw", `/api/v1/nodes/${someNode}/proxy/pods`),
    "roles",
  ),
  member(
    "a policy that opens the network of its team",
    create(everyWay),
    "admission policy",
  ),
  member(
    "the policies of its team's network removed",
    remove("networkpolicy", "--all"),
    "admission policy",
  ),
  member(
    "a privileged pod",
    create(pod({}, {}, { securityContext: { privileged: true } })),
    "Pod Security",
    fairPod,
  ),
  member(
    "a pod with a folder of the node",
    create(pod({ volumes: [{ name: "host", hostPath: { path: "/" } }] })),
    "Pod Security",
    fairPod,
  ),
  member(
    "a pod in the node's network",
    create(pod({ hostNetwork: true })),
    "Pod Security",
    fairPod,
  ),
  member(
    "a port of the nodes",
    create(service({ type: "NodePort" })),
    "admission policy",
    fairService,
  ),
  member(
    "an address of others for its service",
    create(service({ externalIPs: ["203.0.113.9"] })),
    "admission policy",
    fairService,
  ),
  member(
    "a load balancer",
    create(service({ type: "LoadBalancer" })),
    "quota",
    fairService,
  ),
  conf("pods are kube-system's", "spark.kubernetes.namespace", "kube-system"),
  conf(
    "driver has another account",
    "spark.kubernetes.authenticate.driver.serviceAccountName",
    "default",
  ),
  conf(
    "files go to a server of its own, with the operator's token",
    "spark.kubernetes.file.upload.path",
    "http://198.51.100.1/",
  ),
  conf(
    "template is a file of the operator",
    "spark.kubernetes.driver.podTemplateFile",
    "/etc/passwd",
  ),
  member(
    "a SparkApplication whose driver runs in the operator's pod",
    create(application({ mode: "client" })),
    "admission policy",
    fairApplication,
  ),
  member(
    "a SparkApplication whose arguments spark-submit takes for its own options, by a class of Spark's shells",
    create(
      application({
        type: "Scala",
        mainClass: "org.apache.spark.sql.hive.thriftserver.SparkSQLCLIDriver",
        arguments: ["--conf", "spark.kubernetes.namespace=kube-system"],
      }),
    ),
    "admission policy",
    {
      who: "member",
      action: create(
        application({
          type: "Scala",
          mainClass: "org.apache.spark.examples.SparkPi",
          arguments: ["--conf", "spark.kubernetes.namespace=kube-system"],
        }),
      ),
    },
  ),
  ...[
    {
      what: "a SparkApplication with a file of a bucket, which the operator's pod opens with classes of its choice",
      more: {
        deps: { jars: ["s3a://b/a/x.jar"] },
        hadoopConf: {
          "fs.s3a.impl":
            "org.apache.hadoop.fs.viewfs.ViewFileSystemOverloadScheme",
          "net.topology.table.file.name":
            "/var/run/secrets/kubernetes.io/serviceaccount/token",
        },
      },
    },
    {
      what: "a SparkApplication with a file behind a comma, which the operator's pod opens",
      more: { deps: { jars: ["local:///a.jar,hdfs://127.0.0.1:1/x.jar"] } },
    },
  ].map(({ what, more }) =>
    member(what, create(application(more)), "admission policy", {
      who: "member",
      action: create(
        application({ deps: { jars: ["local:///opt/spark/jars/a.jar"] } }),
      ),
    }),
  ),
  member(
    "a schedule of SparkApplications whose pods are kube-system's",
    create(
      scheduled(
        application({}, { "spark.kubernetes.namespace": "kube-system" }).spec,
      ),
    ),
    "admission policy",
    { who: "member", action: create(scheduled(application().spec)) },
  ),
  member(
    "a pod that displaces those of others",
    create(pod({ priorityClassName: "system-cluster-critical" })),
    "admission policy",
    fairPod,
  ),
  member(
    "a pod that displaces those of others, with a class of the cluster",
    create(pod({ priorityClassName: urgentClass })),
    "admission policy",
    fairPod,
  ),
  member("more storage than its team has", create(claim("1Pi")), "quota", {
    who: "member",
    action: create(claim("1Mi")),
  }),
  member(
    "a pod that fills the disk of its node",
    create(
      pod(
        {},
        {},
        {
          resources: {
            requests: { cpu: "10m", memory: "16Mi" },
            limits: { "ephemeral-storage": "1Pi" },
          },
        },
      ),
    ),
    "quota",
    fairPod,
  ),
  member(
    "more of the nodes' disks, kept for its pods, than its team may reserve",
    create(
      pod({
        containers: Array.from({ length: 11 }, (_, at) => ({
          name: `a${at}`,
          image: "registry.k8s.io/pause:3.10.1",
          resources: {
            requests: {
              ...{ cpu: "1m", memory: "1Mi" },
              "ephemeral-storage": "100Gi",
            },
          },
          securityContext: security,
        })),
      }),
    ),
    "quota",
    fairPod,
  ),
  member(
    "a pod on a node of the control plane, by a toleration of its taint",
    create(
      pod({
        tolerations: [
          { key: "node-role.kubernetes.io/control-plane", operator: "Exists" },
        ],
      }),
    ),
    "admission policy",
    {
      who: "member",
      action: create(
        pod({ tolerations: [{ key: "nvidia.com/gpu", operator: "Exists" }] }),
      ),
    },
  ),
  member(
    "a pod on a node of the control plane, by a toleration of all taints",
    create(pod({ tolerations: [{ operator: "Exists" }] })),
    "admission policy",
    fairPod,
  ),
  member(
    "a pod on a node of the control plane, past the scheduler",
    create(pod({ nodeName: "attempt" })),
    "admission policy",
    fairPod,
  ),
  member("a volume that is a node's folder", create(folderOfANode), "roles"),
  member("a namespace of its own", create(namespace), "roles"),
  member("a webhook that sees what all write", create(webhook), "roles"),
  member(
    "addresses of others behind its service",
    create(foreignAddresses),
    "roles",
  ),
  member("every right in its team", create(everyRight), "roles"),
  {
    who: "viewer",
    what: "a command in a notebook of its team",
    action: {
      kubectl: ["exec", "-n", "ml", "notebook-first-0", "--", "true"],
    },
    layer: "roles",
    control: { who: "member" },
  },
  {
    who: "viewer",
    what: "the token of a driver of its team",
    action: tokenOf("clickstream-features"),
    layer: "roles",
    control: { who: "member" },
  },
  {
    who: "viewer",
    what: "the secrets of its team",
    action: read("secrets", "-n", "ml"),
    layer: "roles",
    control: { who: "member" },
  },
  {
    who: "viewer",
    what: "a pod in its team",
    action: create(pod()),
    layer: "roles",
    control: { who: "member" },
  },
  // With the token of a Spark driver.
  {
    who: "driver",
    what: "the secrets of its team",
    action: { api: apiOf("ml", "secrets") },
    layer: "roles",
    control: { who: "driver", action: { api: apiOf("ml", "pods") } },
  },
  {
    who: "driver",
    what: "the pods of another team",
    action: { api: apiOf("guests", "pods") },
    layer: "roles",
    control: { who: "driver", action: { api: apiOf("ml", "pods") } },
  },
  {
    who: "driver",
    what: "an executor in kube-system",
    action: postPod(executorPod, "kube-system"),
    layer: "roles",
    control: { who: "driver", action: postPod(executorPod) },
  },
  {
    who: "driver",
    what: "an executor that runs as another account",
    action: postPod(
      pod({ serviceAccountName: "clickstream-training" }, executorLabels),
    ),
    layer: "admission policy",
    control: { who: "driver", action: postPod(executorPod) },
  },
  {
    who: "driver",
    what: "a pod that is no executor",
    action: postPod(pod(ownAccount)),
    layer: "admission policy",
    control: { who: "driver", action: postPod(executorPod) },
  },
  {
    who: "driver",
    what: "an executor with the key pair of another account",
    action: postPod(
      pod(ownAccount, executorLabels, {
        env: [secretVariable("clickstream-training-object-store")],
      }),
    ),
    layer: "admission policy",
    control: {
      who: "driver",
      action: postPod(
        pod(ownAccount, executorLabels, {
          env: [secretVariable("clickstream-features-object-store")],
        }),
      ),
    },
  },
  {
    who: "driver",
    what: "an executor with the home of a notebook",
    action: postPod(
      pod(
        {
          ...ownAccount,
          volumes: [
            {
              name: "home",
              persistentVolumeClaim: { claimName: "notebook-first-home" },
            },
          ],
        },
        executorLabels,
      ),
    ),
    layer: "admission policy",
    control: { who: "driver", action: postPod(executorPod) },
  },
  {
    who: "driver",
    what: "a privileged executor",
    action: postPod(
      pod(ownAccount, executorLabels, {
        securityContext: { privileged: true },
      }),
    ),
    layer: "Pod Security",
    control: { who: "driver", action: postPod(executorPod) },
  },
  {
    who: "driver",
    what: "a notebook of its team removed",
    action: deleteOf("pods", "notebook-first-0"),
    layer: "admission policy",
    control: { who: "driver", action: deleteOf("pods", "red-team-executor") },
  },
  {
    who: "driver",
    what: "the settings of a notebook removed",
    action: deleteOf("configmaps", "notebook-first-spark"),
    layer: "admission policy",
    control: { who: "driver", action: deleteOf("pods", "red-team-executor") },
  },
  {
    who: "driver",
    what: "a service",
    action: {
      method: "POST",
      api: `${apiOf("ml", "services")}?${dryRun}`,
      body: service({}),
    },
    layer: "roles",
    control: fairService,
  },
  {
    who: "driver",
    what: "another SparkApplication",
    action: postApplication(application()),
    layer: "roles",
    control: fairApplication,
  },
  {
    who: "driver",
    what: "a command in a notebook of its team",
    action: {
      api: `${apiOf("ml", "pods")}/notebook-first-0/exec?command=true&stdout=1`,
    },
    layer: "roles",
    control: {
      who: "administrator",
      action: {
        kubectl: ["exec", "-n", "ml", "notebook-first-0", "--", "true"],
      },
    },
  },
  {
    who: "driver",
    what: "the token of another account",
    action: {
      method: "POST",
      api: `${apiOf("ml", "serviceaccounts")}/clickstream-training/token`,
      body: {
        apiVersion: "authentication.k8s.io/v1",
        kind: "TokenRequest",
        spec: {},
      },
    },
    layer: "roles",
    control: { who: "member", action: tokenOf("clickstream-training") },
  },
  // With the token of a pipeline's step.
  {
    who: "pipeline",
    what: "the secrets of its team",
    action: { api: apiOf("ml", "secrets") },
    layer: "roles",
    control: { who: "pipeline", action: postApplication(ownApplication()) },
  },
  {
    who: "pipeline",
    what: "a SparkApplication in another team",
    action: postApplication(ownApplication(), "guests"),
    layer: "roles",
    control: { who: "pipeline", action: postApplication(ownApplication()) },
  },
  {
    who: "pipeline",
    what: "a SparkApplication whose pods are kube-system's",
    action: postApplication(
      ownApplication({}, { "spark.kubernetes.namespace": "kube-system" }),
    ),
    layer: "admission policy",
    control: { who: "pipeline", action: postApplication(ownApplication()) },
  },
  {
    who: "pipeline",
    what: "a SparkApplication of another account",
    action: postApplication(
      application({
        driver: { cores: 1, memory: "512m", serviceAccount: "notebook-first" },
      }),
    ),
    layer: "admission policy",
    control: { who: "pipeline", action: postApplication(ownApplication()) },
  },
  {
    who: "pipeline",
    what: "a SparkApplication with the key pair of a trainer",
    action: postApplication(
      ownApplication({
        volumes: [
          {
            name: "keys",
            secret: { secretName: "clickstream-xgboost-object-store" },
          },
        ],
      }),
    ),
    layer: "admission policy",
    control: { who: "pipeline", action: postApplication(ownApplication()) },
  },
  {
    who: "pipeline",
    what: "a pod",
    action: postPod(pod()),
    layer: "roles",
    control: fairPod,
  },
  // Pods that need nothing of the cluster.
  ...(["executor", "trainer", "server", "notebook"] as const).map(noToken),
  // Over the network.
  ...(["driver", "executor", "trainer", "pipeline", "server"] as const).map(
    (who) =>
      connect(who, "the notebook of another team", "guest-notebook", "guest"),
  ),
  connect(
    "guest",
    "the model server of another team",
    "model-server",
    "notebook",
  ),
  connect(
    "guest",
    "the notebook of another team",
    "member-notebook",
    "trainer",
  ),
  connect(
    "driver",
    "the metrics of the Spark operator",
    "operator-metrics",
    "neighbour",
  ),
  ...(["driver", "executor", "trainer", "notebook"] as const).map((who) =>
    connect(who, "the kubelet of its node", "kubelet", "machine"),
  ),
  ...(["driver", "server", "notebook"] as const).map((who) =>
    connect(who, "the metadata address of a cloud", "metadata", "stranger"),
  ),
  ...(["driver", "guest"] as const).map((who) =>
    connect(
      who,
      "the webhook of the Spark operator",
      "operator-webhook",
      "stranger",
    ),
  ),
  ...(["notebook", "stranger"] as const).map((who) => ({
    ...connect(
      who,
      "the metrics of the name servers",
      "name-server-metrics",
      who,
    ),
    control: { who, action: { connect: "name-server" } as const },
  })),
  connect("trainer", "the registry of images", "image-registry", "machine"),
  connect(
    "notebook",
    "a service of a machine that the cluster runs on",
    "machine-service",
    "machine",
  ),
  connect(
    "guest",
    "the internet, where its team's egress is none",
    "internet",
    "notebook",
  ),
  // At the object store.
  store("executor", "write", "models", { who: "trainer" }),
  store("executor", "list", "models", { who: "trainer" }),
  store("trainer", "write", "feature-store", {
    who: "trainer",
    action: { store: "list", bucket: "feature-store" },
  }),
  store("trainer", "list", "models-guests", { who: "guest" }),
  store("server", "write", "models", { who: "trainer" }),
  store("notebook", "write", "raw", {
    who: "notebook",
    action: { store: "list", bucket: "raw" },
  }),
  store("notebook", "write", "models-guests", { who: "guest" }),
  store("guest", "list", "models", { who: "notebook" }),
  store("trainer", "open", "models", {
    who: "trainer",
    action: { store: "write", bucket: "models" },
  }),
  store("notebook", "make", "red-team", {
    who: "notebook",
    action: { store: "list", bucket: "models" },
  }),
  store("notebook", "accounts", "", {
    who: "notebook",
    action: { store: "list", bucket: "models" },
  }),
  store("guest", "write", "feature-store", {
    who: "guest",
    action: { store: "list", bucket: "feature-store" },
  }),
  {
    who: "trainer",
    what: "deletes an object of the bucket models-guests by a key in a batch on its own",
    action: { store: "batch", bucket: "models", other: "models-guests" },
    layer: "object store",
    control: {
      who: "trainer",
      action: { store: "own batch", bucket: "models" },
    },
  },
  {
    who: "trainer",
    what: "reaches into the bucket models-guests by the ID of an upload to its own",
    action: { store: "upload", bucket: "models", other: "models-guests" },
    layer: "object store",
    control: { who: "trainer", action: { store: "write", bucket: "models" } },
  },
];

const strangerTo = (what: string, place: StreamPlace) =>
  connect("stranger", what, place, "driver");

/** The same at what a stream and its observability bring, which the stacks of the others do not have. */
export const streamAttempts: readonly Attempt[] = [
  strangerTo("a broker of Kafka", "kafka"),
  strangerTo("the online store of a team", "redis"),
  strangerTo("the Pushgateway", "pushgateway"),
  connect("stranger", "Prometheus", "prometheus", "watcher"),
  connect("driver", "Prometheus", "prometheus", "watcher"),
  connect(
    "driver",
    "what is measured of all teams' pods",
    "kube-state-metrics",
    "watcher",
  ),
  member(
    "the topics of all, by a command in a broker",
    { kubectl: ["exec", "-n", "kafka", "kafka-0", "--", "true"] },
    "roles",
  ),
  member(
    "the settings of Prometheus",
    read("configmaps", "-n", "observability"),
    "roles",
  ),
  {
    who: "driver",
    what: "the pods of the brokers",
    action: { api: apiOf("kafka", "pods") },
    layer: "roles",
    control: { who: "driver", action: { api: apiOf("ml", "pods") } },
  },
  {
    who: "driver",
    what: "the secrets of its team, with the password of its online store",
    action: { api: apiOf("ml", "secrets") },
    layer: "roles",
    control: { who: "driver", action: { api: apiOf("ml", "pods") } },
  },
];
