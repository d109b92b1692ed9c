import { byTeamAccount, mountRules, mountsOf } from "./mounts";
import type { AdmissionPolicy } from "./policy";

const account = "variables.account";

const { variables, rules } = mountRules({
  account,
  mounts: mountsOf({
    volumes: "variables.volumes",
    containers: "variables.containers",
  }),
  field: "spec",
});

/**
 * Holds the executors that a team's account makes to what their workload declares: with the token of a driver, whoever
 * has it would otherwise read any secret of the team, and the home of any notebook, by mounting it in an executor.
 */
export const executorPolicy: AdmissionPolicy = {
  kinds: [{ group: "", version: "v1", resources: ["pods"] }],
  // Neither volumes nor the environment can be changed later.
  operations: ["CREATE"],
  conditions: { "by-an-account-of-the-team": byTeamAccount },
  variables: {
    account: `request.userInfo.username.split(":")[3]`,
    volumes: "object.spec.?volumes.orValue([])",
    containers:
      "object.spec.containers + object.spec.?initContainers.orValue([])",
    ...variables,
  },
  rules: [
    ...rules,
    {
      expression: `variables.volumes.all(volume, !volume.?ephemeral.?volumeClaimTemplate.?spec.?dataSource.hasValue() && !volume.?ephemeral.?volumeClaimTemplate.?spec.?dataSourceRef.hasValue() && volume.?ephemeral.?volumeClaimTemplate.?spec.?volumeName.orValue("") == "")`,
      message:
        "spec.volumes: the volume of an executor begins empty; leave out dataSource, dataSourceRef and volumeName",
    },
  ],
};
