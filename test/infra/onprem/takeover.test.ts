import assert from "node:assert/strict";

import { sshClusterSchema } from "../../../infra/onprem/hosts";
import {
  readConfiguration,
  takeoverProblems,
} from "../../../infra/onprem/takeover";
import { host } from "./host";

const configuration = `apiServer: {}
apiVersion: kubeadm.k8s.io/v1beta4
caCertificateValidityPeriod: 87600h0m0s
clusterName: onprem
controlPlaneEndpoint: 10.0.0.5:6443
kind: ClusterConfiguration
kubernetesVersion: v1.35.4
networking:
  dnsDomain: cluster.local
  podSubnet: 10.244.0.0/16
  serviceSubnet: 10.96.0.0/16
`;

const inputs = (changes: object = {}) =>
  sshClusterSchema.parse({
    name: "onprem",
    version: "1.36.0",
    endpoint: "10.0.0.5:6443",
    pods: "10.244.0.0/16",
    services: "10.96.0.0/16",
    hosts: [host("control"), host("one", { address: "10.0.0.12" })],
    ...changes,
  });

describe("a cluster that is taken over", () => {
  it("says of itself what it is", () => {
    assert.deepEqual(readConfiguration(configuration, ["control"]), {
      version: "1.35.4",
      endpoint: "10.0.0.5:6443",
      pods: "10.244.0.0/16",
      services: "10.96.0.0/16",
      nodes: ["control"],
    });
  });

  it("is refused where the configuration would change what cannot be changed, or forget a node", () => {
    const live = readConfiguration(configuration, ["control", "one"]);
    assert.deepEqual(takeoverProblems(live, inputs()), []);
    const paths = takeoverProblems(
      { ...live, nodes: [...live.nodes, "two"] },
      inputs({ endpoint: "10.0.0.6:6443", pods: "10.245.0.0/16" }),
    ).map(({ path }) => path);
    assert.deepEqual(paths, [
      "target.hosts",
      "target.endpoint",
      "target.network.pods",
    ]);
  });
});
