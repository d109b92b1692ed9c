// Makes, mends, shows and removes a local cluster without the engine, for work on the cluster itself:
//   npx tsx infra/local/dev.ts up|update|read|down NAME [KUBECONFIG]
// MLSTACK_INPUTS holds further inputs as JSON, such as the ranges of a second cluster.
import { writeFile } from "node:fs/promises";

import { registryStorage } from "../supply/images/registry";
import { clusterSchema } from "./inputs";
import { Layout } from "./layout";
import {
  createCluster,
  deleteCluster,
  readCluster,
  updateCluster,
} from "./lifecycle";
import { deadMachines, findCluster } from "./record";
import { pinnedVersions } from "./versions";

async function main([verb, name, kubeconfigPath]: string[]): Promise<void> {
  const inputs = clusterSchema.parse({
    name,
    pools: [
      { name: "cpu", count: 1 },
      { name: "gpu", count: 1, gpus: 1 },
    ],
    registryStorage: registryStorage(),
    versions: pinnedVersions(),
    ...(JSON.parse(process.env.MLSTACK_INPUTS ?? "{}") as object),
  });
  const began = Date.now();
  const cancellation = new AbortController();
  for (const signal of ["SIGINT", "SIGTERM"] as const) {
    process.once(signal, () =>
      cancellation.abort(new Error(`ended by ${signal}`)),
    );
  }
  const log = (message: string) =>
    console.log(`${((Date.now() - began) / 1000).toFixed(2)} s: ${message}`);
  const work = { owner: "dev.ts", signal: cancellation.signal, log };
  const layout = new Layout(inputs);
  const found = await findCluster(layout);
  // There is no state to have the ID from: whichever cluster lies there is meant.
  const id = "id" in found ? found.id : "";
  switch (verb) {
    case "up":
    case "update": {
      const { kubeconfig } = await (verb === "up"
        ? createCluster(inputs, work)
        : updateCluster(inputs, id, work));
      if (kubeconfigPath)
        await writeFile(kubeconfigPath, kubeconfig, { mode: 0o600 });
      break;
    }
    case "read":
      log(
        JSON.stringify({
          ...(await readCluster(inputs, id)),
          kubeconfig: undefined,
          dead: await deadMachines(layout),
        }),
      );
      break;
    case "down":
      await deleteCluster(inputs, id, work);
      break;
    default:
      throw new Error(`${verb}: say up, update, read or down`);
  }
  log("done");
}

main(process.argv.slice(2)).catch((error: unknown) => {
  console.error(error);
  process.exitCode = 1;
});
