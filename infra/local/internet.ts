import { spawn } from "node:child_process";
import { open } from "node:fs/promises";
import { join } from "node:path";

import { address } from "../network/cidr";
import { cgroupProcesses, makeCgroup, removeCgroup } from "./cgroups";
import { execute } from "./execute";
import type { ClusterInputs } from "./inputs";
import { type ClusterNode, type Layout, controlPlane } from "./layout";
import { forward, ip } from "./network";
import { placeScript, stopUnits } from "./unit";

/** Device of the control plane's machine by which the cluster reaches what lies outside of this host. */
const device = "internet";

/** Range of that device and of the program behind it. Pods have no policy that opens it. */
const range = "169.254.89.0/24";

/** Address at which that program asks the name servers of this host. */
export const hostNameServer = address(range, 3);

/** Name of its cgroup, beside those of the machines. */
const group = "internet";

const script = "internet.sh";

/** Whether a cluster gets a way out: where its inputs ask for one, and this host has one itself. */
export async function hasWayOut({
  internet,
}: Pick<ClusterInputs, "internet">): Promise<boolean> {
  return (
    internet &&
    (await execute("ip", ["-4", "route", "show", "default"])).trim() !== ""
  );
}

/**
 * Opens or closes the way out of a cluster. The connections of its pods are those of slirp4netns, in its sandbox: no
 * setting, rule or route of the host is changed. {@link script} refuses the host's own addresses, other clusters on it,
 * and the metadata of the cloud that it may be in.
 *
 * @param units the machines that run, with the process whose network namespace is theirs
 */
export async function connectInternet(
  layout: Layout,
  nodes: readonly ClusterNode[],
  units: ReadonlyMap<string, number>,
  wanted: boolean,
): Promise<void> {
  const center = units.get(controlPlane);
  if (center === undefined) return;
  if (wanted) await startProgram(layout, center);
  else await stopProgram(layout);
  for (const { name } of nodes) {
    const pid = units.get(name);
    if (pid !== undefined)
      await ip(pid, [
        wanted
          ? `route replace default via ${layout.gateway}`
          : "route flush exact default",
      ]);
  }
}

async function startProgram(layout: Layout, pid: number): Promise<void> {
  const path = `${layout.cgroup}/${group}`;
  if ((await cgroupProcesses(path)).length > 0) return;
  const cgroups = await makeCgroup(path);
  await placeScript(layout, script);
  await forward(pid);
  const log = await open(join(layout.logs, "internet.log"), "a");
  try {
    spawn(
      "sh",
      [
        ...[layout.at(script), String(pid), device, range, hostNameServer],
        ...cgroups,
      ],
      {
        cwd: "/",
        env: {
          PATH: "/usr/local/sbin:/usr/sbin:/sbin:/usr/local/bin:/usr/bin:/bin",
        },
        detached: true,
        stdio: ["ignore", log.fd, log.fd],
      },
    ).unref();
  } finally {
    await log.close();
  }
}

async function stopProgram(layout: Layout): Promise<void> {
  await stopUnits(layout, group);
  await removeCgroup(`${layout.cgroup}/${group}`);
}
