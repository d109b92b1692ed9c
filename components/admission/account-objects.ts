import { byTeamAccount } from "./mounts";
import type { AdmissionPolicy } from "./policy";

/**
 * Holds a team's accounts to what a Spark driver does. A role cannot restrict the labels or the account of a pod: whoever
 * may create pods could otherwise run them as any account of the namespace.
 */
export const accountPolicy: AdmissionPolicy = {
  kinds: [
    {
      group: "",
      version: "v1",
      resources: ["pods", "configmaps", "services", "persistentvolumeclaims"],
    },
  ],
  operations: ["CREATE", "UPDATE", "DELETE"],
  conditions: { "by-an-account-of-the-team": byTeamAccount },
  variables: {
    account: `request.userInfo.username.split(":")[3]`,
    // The object before the request and after it.
    states: `[object, oldObject].filter(state, state != null)`,
  },
  rules: [
    {
      expression: `variables.states.all(state, state.metadata.?labels[?"spark-app-selector"].orValue("") != "")`,
      message:
        "metadata.labels: an account of a team makes, changes and deletes objects of a Spark application alone, which carry spark-app-selector",
    },
    {
      expression: `request.resource.resource != "pods" || variables.states.all(state, state.metadata.?labels[?"spark-role"].orValue("") == "executor")`,
      message:
        "metadata.labels: an account of a team makes and deletes executors alone, which carry spark-role: executor",
    },
    {
      // dyn() turns off type checking: the API server checks the expression for each kind, and not every kind has a
      // spec.
      expression: `request.resource.resource != "pods" || variables.states.all(state, dyn(state).spec.?serviceAccountName.orValue("default") in [variables.account, "default"])`,
      message:
        "spec.serviceAccountName: executors run as their driver's account, or as default",
    },
    {
      // A claim with a data source would copy another volume, and one with volumeName would bind to an existing one.
      expression: `request.resource.resource != "persistentvolumeclaims" || object == null || request.operation != "CREATE" || (!dyn(object).spec.?dataSource.hasValue() && !dyn(object).spec.?dataSourceRef.hasValue() && dyn(object).spec.?volumeName.orValue("") == "")`,
      message:
        "spec: a claim of a Spark application begins empty; leave out dataSource, dataSourceRef and volumeName",
    },
  ],
};
