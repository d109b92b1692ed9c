import type { SshClusterInputs } from "./hosts";
import { documentFile, initDocuments } from "./kubeadm";
import { runToEnd } from "./lasting-run";
import type { Remote } from "./ssh";
import { restartScript } from "./static-pods";
import { kubectlOn, type Work } from "./work";

/**
 * Brings a cluster behind another address: the API servers' certificates first, which keep the old name, then what
 * every host and every node's proxy calls the control plane by, then what new hosts are told.
 */
export async function changeEndpoint(
  members: readonly Remote[],
  olds: SshClusterInputs,
  news: SshClusterInputs,
  work: Work,
): Promise<void> {
  const [from, to] = [olds.endpoint, news.endpoint];
  work.log(`endpoint ${from} to ${to}`);
  const controlPlane = members.filter(
    ({ host }) => host.role === "control-plane",
  );
  const oldName = from.split(":")[0] ?? "";
  for (const remote of controlPlane) {
    work.signal.throwIfAborted();
    await remote.write(
      documentFile,
      initDocuments(news, remote.host, [oldName]),
    );
    // To its end: an API server without a certificate does not start again.
    await runToEnd(
      remote,
      `${certificateScript}\n${restartScript("kube-apiserver")}`,
      work,
    );
  }
  for (const remote of members) {
    // The kubelet of a control-plane host goes to the API server beside it, and goes on doing so.
    const files = [
      "admin",
      "super-admin",
      ...(remote.host.address === oldName ? [] : ["kubelet"]),
    ];
    await remote.run(addressScript(files, from, to));
  }
  const [api] = controlPlane;
  if (!api) throw new Error("no control-plane host answers");
  await api.run(announcementScript(kubectlOn(api), from, to));
  for (const remote of controlPlane) await remote.run(`rm -f ${documentFile}`);
}

const certificateScript = `
cd /etc/kubernetes/pki
rm -f apiserver.crt apiserver.key
kubeadm init phase certs apiserver --config=${documentFile}
`;

/** Lines by which a host's own programs go to another address. */
function addressScript(
  files: readonly string[],
  from: string,
  to: string,
): string {
  return `
for file in ${files.join(" ")}; do
  [ ! -e /etc/kubernetes/$file.conf ] || sed -i 's#server: https://${from}$#server: https://${to}#' /etc/kubernetes/$file.conf
done
systemctl restart kubelet
`;
}

function announcementScript(kubectl: string, from: string, to: string): string {
  const maps = [
    ["kube-system", "kube-proxy"],
    ["kube-public", "cluster-info"],
  ] as const;
  return `
kubeadm init phase upload-config kubeadm --config=${documentFile}
${maps
  .map(
    ([namespace, name]) =>
      `${kubectl} --namespace=${namespace} get configmap ${name} -o yaml | sed 's#server: https://${from}$#server: https://${to}#' | ${kubectl} replace -f -`,
  )
  .join("\n")}
${kubectl} --namespace=kube-system rollout restart daemonset/kube-proxy
`;
}
