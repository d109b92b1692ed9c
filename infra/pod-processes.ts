/**
 * Most processes and threads of a pod, which kubelets of the project's own clusters hold it to: without a limit, one pod
 * takes all that its node has, the kubelet's among them. A driver with hundreds of tasks has some hundreds.
 *
 * https://kubernetes.io/docs/concepts/policy/pid-limiting/
 */
export const podPidsLimit = 4096;
