import { cluster } from "../supply/plugins/clouds/cluster";
import { type StandIn, text } from "../supply/plugins/clouds/stand-in";

/** A project of nobody. */
export const project = "mlstack-test";

/** Outputs that Google Cloud adds. */
export const standIn: StandIn = {
  outputs: {
    "gcp:compute/router:Router": (_, name) => ({ name }),
    "gcp:container/cluster:Cluster": ({ name, location }) => ({
      id: `projects/${project}/locations/${text(location)}/clusters/${text(name)}`,
      endpoint: cluster().host,
      masterAuth: { clusterCaCertificate: cluster().certificateAuthority },
    }),
    "gcp:serviceaccount/account:Account": ({ accountId }) => {
      const email = `${text(accountId)}@${project}.iam.gserviceaccount.com`;
      return { email, name: `projects/${project}/serviceAccounts/${email}` };
    },
    "gcp:artifactregistry/repository:Repository": ({ repositoryId }) => ({
      name: repositoryId,
    }),
  },
  calls: {},
  fixed: {},
  identity(type, name) {
    const [, module = "", kind = ""] = type.split(":");
    const service = module.split("/")[0] ?? "";
    return {
      project,
      selfLink: `https://www.googleapis.com/${service}/v1/projects/${project}/${kind.toLowerCase()}s/${name}`,
    };
  },
};
