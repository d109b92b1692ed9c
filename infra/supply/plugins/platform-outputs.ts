import { cloudOutputs } from "./clouds/outputs";

/** Outputs that the project's own provider adds to a resource's inputs. */
const ownOutputs: Readonly<Record<string, object>> = {
  "mlstack:index:LocalCluster": { kubeconfig: "{}", gateway: "10.89.0.1" },
  "mlstack:index:Image": { ref: "mlstack.local/image:0" },
  "mlstack:index:RandomSecret": { hex: "00" },
  "mlstack:index:EmbeddedAccount": { accessKeyId: "GK0", secretAccessKey: "0" },
  "mlstack:index:JobEnd": {
    state: "COMPLETED",
    seconds: 1,
    startup: {},
    result: { rows: 1, metrics: {}, instant: "20300101000000000" },
  },
};

/** Outputs that providers add to a resource's inputs, as far as the program reads them. */
export function platformOutputs(
  type: string,
  inputs: Readonly<Record<string, unknown>>,
  name: string,
): Readonly<Record<string, unknown>> {
  return {
    ...cloudOutputs(type, inputs, name),
    ...ownOutputs[type],
    // Answers where its stack says that it does.
    ...(type === "mlstack:index:SshCluster"
      ? {
          kubeconfig: `{"clusters":[{"cluster":{"server":"https://${String(inputs["endpoint"])}"}}]}`,
        }
      : {}),
  };
}
