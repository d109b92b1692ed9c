import { join } from "node:path";

import { terminalProgress } from "../../../infra/supply/steps";
import { ensureBuilt } from "../../../infra/supply/toolchain/build";
import {
  findTool,
  type Tool,
  TOOLS,
  toolFile,
  toolVersion,
} from "../../../infra/supply/toolchain/tools";

/** The toolchain's programs whose versions follow that of Kubernetes, as this folder's modules pin them. */
const tools: readonly Tool[] = [
  ...TOOLS.filter(({ tool }) => tool === "kubernetes"),
  findTool("etcd"),
  findTool("etcdctl"),
  findTool("coredns"),
].map((tool) => ({
  ...tool,
  folder: tool.binary === "coredns" ? join(__dirname, "coredns") : __dirname,
}));

/** The next minor version of Kubernetes, which an upgrade goes to. */
export const nextKubernetes = toolVersion(nextTool("kubelet"));

/** Where a program of the next version lies once it is built. */
export function nextToolFile(binary: string): string {
  return toolFile(nextTool(binary));
}

/** Builds the programs of the next version that the cache lacks. */
export async function ensureNextKubernetes(): Promise<void> {
  await ensureBuilt(tools, terminalProgress);
}

function nextTool(binary: string): Tool {
  const tool = tools.find((each) => each.binary === binary);
  if (!tool) throw new Error(`the next Kubernetes has no ${binary}`);
  return tool;
}
