/**
 * The API server's audit policy: user, verb, time and response code of each request, without the objects' contents. It
 * omits the routine requests of Kubernetes' own components.
 *
 * https://kubernetes.io/docs/reference/config-api/apiserver-audit.v1/
 */
export const auditPolicy = {
  apiVersion: "audit.k8s.io/v1",
  kind: "Policy",
  // A response has the fields of its request.
  omitStages: ["RequestReceived"],
  rules: [
    {
      level: "None",
      nonResourceURLs: [
        ...["/healthz*", "/livez*", "/readyz*", "/version"],
        ...["/api*", "/openapi*", "/metrics"],
      ],
    },
    // Requests for pages without a login are not logged, so that nobody fills the log by them; those for objects are.
    {
      level: "None",
      userGroups: ["system:unauthenticated"],
      nonResourceURLs: ["*"],
    },
    {
      level: "None",
      resources: [
        { group: "coordination.k8s.io", resources: ["leases"] },
        { group: "", resources: ["events"] },
        { group: "events.k8s.io", resources: ["events"] },
      ],
    },
    // The API server's own, and tokens that a kubelet or the controllers get for accounts which are theirs to run.
    { level: "None", users: ["system:apiserver"] },
    {
      level: "None",
      users: ["system:kube-controller-manager"],
      userGroups: ["system:nodes"],
      resources: [{ group: "", resources: ["serviceaccounts/token"] }],
    },
    {
      level: "Metadata",
      resources: [
        {
          group: "",
          resources: [
            ...["secrets", "serviceaccounts/token"],
            ...["pods/exec", "pods/attach", "pods/portforward", "pods/proxy"],
            ...["nodes/proxy", "services/proxy"],
          ],
        },
        { group: "rbac.authorization.k8s.io" },
        { group: "admissionregistration.k8s.io" },
        { group: "networking.k8s.io" },
        { group: "certificates.k8s.io" },
      ],
    },
    {
      level: "None",
      users: [
        ...["system:kube-controller-manager", "system:kube-scheduler"],
        "system:kube-proxy",
      ],
    },
    {
      level: "None",
      userGroups: ["system:nodes", "system:serviceaccounts:kube-system"],
    },
    // Controllers look on all the time; what they change is written down.
    {
      level: "None",
      userGroups: ["system:serviceaccounts"],
      verbs: ["watch"],
    },
    { level: "Metadata" },
  ],
} as const;

/**
 * Settings of an API server by which it keeps an audit log of at most 1 GB of text, for at most 30 days; what is not
 * written any more is compressed.
 *
 * Long entries are not bounded by `audit-log-truncate-enabled`: of an entry without contents it can take nothing away, so
 * that it would leave the whole entry out, and with it whoever makes a request long enough.
 */
export function auditFlags({
  policy,
  log,
}: {
  /** Path of {@link auditPolicy}. */
  readonly policy: string;
  /** Path of the log; the folder is made where it is not there. */
  readonly log: string;
}): Readonly<Record<string, string>> {
  return {
    "audit-policy-file": policy,
    "audit-log-path": log,
    // Megabytes of a file, and how many of them stay beside the one that is written.
    "audit-log-maxsize": "50",
    "audit-log-maxbackup": "19",
    "audit-log-maxage": "30",
    "audit-log-compress": "true",
  };
}
