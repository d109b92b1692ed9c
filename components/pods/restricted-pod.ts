import type { types } from "@pulumi/kubernetes";

/** User of the images of Spark, the trainers, the pipelines and the model server. */
export const workloadUser = 185;

/**
 * Container security context that Pod Security `restricted` requires
 * (https://kubernetes.io/docs/concepts/security/pod-security-standards/).
 */
export const containerSecurity: types.input.core.v1.SecurityContext = {
  allowPrivilegeEscalation: false,
  capabilities: { drop: ["ALL"] },
};

/** The same for a container that writes nothing but volumes. */
export const readOnlySecurity: types.input.core.v1.SecurityContext = {
  ...containerSecurity,
  readOnlyRootFilesystem: true,
};

/** Security context of a pod whose processes all run as one user. */
export function processSecurity(
  user: number,
): types.input.core.v1.PodSecurityContext {
  return {
    runAsNonRoot: true,
    runAsUser: user,
    runAsGroup: user,
    seccompProfile: { type: "RuntimeDefault" },
  };
}

/** The same for a pod whose volumes that user writes. */
export function podSecurity(
  user: number,
): types.input.core.v1.PodSecurityContext {
  return { ...processSecurity(user), fsGroup: user };
}
