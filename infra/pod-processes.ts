/**
 * Limit of the processes and threads of a pod on the project's own clusters. Without one, a pod can take all process IDs of
 * its node, so that the kubelet cannot start any. A driver with hundreds of tasks has some hundreds of threads.
 *
 * https://kubernetes.io/docs/concepts/policy/pid-limiting/
 */
export const podPidsLimit = 4096;
