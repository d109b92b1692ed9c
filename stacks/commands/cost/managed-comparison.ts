import { join } from "node:path";

import { prices as aks } from "../../../infra/aks/costs";
import { prices as eks } from "../../../infra/eks/costs";
import { prices as gke } from "../../../infra/gke/costs";
import {
  type PriceTable,
  readManagedPrices,
} from "../../../infra/prices/table";
import { managedPage } from "../../cost/managed-page";
import { root } from "../cli/paths";
import { costOf } from "./stack-file-cost";
import { readStackConfig } from "../stack-file/stack-config";

/** The comparison with managed services, from the prices and the stacks `aws` and `gcp` as they are. */
export async function managedComparison(): Promise<string> {
  const withManaged = (target: string, machines: PriceTable) => ({
    machines,
    managed: readManagedPrices(join(root, "infra", target, "prices")),
  });
  const floorOf = async (stack: string) =>
    (await costOf(readStackConfig(stack))).floor;
  return managedPage({
    eks: withManaged("eks", eks),
    gke: withManaged("gke", gke),
    aks: withManaged("aks", aks),
    floors: { aws: await floorOf("aws"), gcp: await floorOf("gcp") },
  });
}
