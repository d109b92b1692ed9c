import { existsSync } from "node:fs";
import { mkdir, readdir, readFile, rmdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";

/** A cgroup file system: one for every version 1 hierarchy, one in all for version 2. */
interface Hierarchy {
  readonly mount: string;
  readonly version: 1 | 2;
  readonly controllers: readonly string[];
}

/** The hierarchies in the text of `/proc/self/mountinfo`. */
export function parseHierarchies(mountinfo: string): Hierarchy[] {
  return mountinfo.split("\n").flatMap((line): Hierarchy[] => {
    const [before = "", after = ""] = line.split(" - ");
    const mount = before.split(" ")[4];
    const [type, , options = ""] = after.split(" ");
    if (!mount || !mount.startsWith("/sys/fs/cgroup")) return [];
    if (type === "cgroup")
      return [{ mount, version: 1, controllers: options.split(",") }];
    return type === "cgroup2" ? [{ mount, version: 2, controllers: [] }] : [];
  });
}

/** Hierarchies with controllers: where version 1 hierarchies exist, the version 2 hierarchy has none. */
export function managing(
  hierarchies: readonly Hierarchy[],
): readonly Hierarchy[] {
  const first = hierarchies.filter(({ version }) => version === 1);
  return first.length > 0 ? first : hierarchies;
}

async function hierarchies(): Promise<Hierarchy[]> {
  return parseHierarchies(await readFile("/proc/self/mountinfo", "utf8"));
}

/** Makes a cgroup in every hierarchy that manages something, ready to take processes, and gives their folders. */
export async function makeCgroup(path: string): Promise<string[]> {
  const folders: string[] = [];
  for (const hierarchy of managing(await hierarchies())) {
    const steps = path.split("/").filter(Boolean);
    for (let depth = 1; depth <= steps.length; depth++) {
      const parent = join(hierarchy.mount, ...steps.slice(0, depth - 1));
      const folder = join(hierarchy.mount, ...steps.slice(0, depth));
      if (hierarchy.version === 2) await handDown(parent);
      await mkdir(folder, { recursive: true });
      if (hierarchy.controllers.includes("cpuset"))
        await inheritCpus(parent, folder);
    }
    folders.push(join(hierarchy.mount, ...steps));
  }
  return folders;
}

// Controllers of cgroup version 2 that the kubelet and runc use.
const usedControllers = ["cpu", "cpuset", "io", "memory", "pids", "hugetlb"];

/** Controllers without which no kubelet starts. */
export const requiredControllers = ["cpu", "cpuset", "memory", "pids"];

/**
 * Lets the groups below a group of version 2 have its controllers, each that can be had.
 *
 * @throws when one that a kubelet needs cannot be handed down
 */
export async function handDown(folder: string): Promise<void> {
  const words = async (file: string) =>
    (await readFile(join(folder, file), "utf8")).split(/\s+/).filter(Boolean);
  const control = join(folder, "cgroup.subtree_control");
  const available = await words("cgroup.controllers");
  const enabled = await words("cgroup.subtree_control");
  for (const controller of usedControllers) {
    if (!available.includes(controller) || enabled.includes(controller))
      continue;
    // One word at a time: the kernel refuses a line as a whole.
    const enable = () => writeFile(control, `+${controller}`);
    try {
      await enable().catch(async (error: NodeJS.ErrnoException) => {
        if (error.code !== "EBUSY") throw error;
        await moveToLeaf(folder);
        await enable();
      });
    } catch (error) {
      if (requiredControllers.includes(controller))
        throw new Error(
          `${control}: the controller ${controller} cannot be handed down (${String(error)}); run outside of a restricted container, or set target.kind: existing`,
          { cause: error },
        );
    }
  }
}

// A group that hands controllers down may have no processes of its own, unless it is the root of the whole hierarchy:
// in a container, the group at the mount point has the container's.
async function moveToLeaf(folder: string): Promise<void> {
  const leaf = join(folder, "init");
  await mkdir(leaf, { recursive: true });
  // Processes forked during the move start in the old group, hence the retries.
  for (let tries = 0; tries < 10; tries++) {
    const text = await readFile(join(folder, "cgroup.procs"), "utf8");
    const pids = text.split("\n").filter((pid) => pid !== "" && pid !== "0");
    if (pids.length === 0) return;
    for (const pid of pids)
      await writeFile(join(leaf, "cgroup.procs"), pid).catch(() => undefined);
  }
}

// A new cpuset of version 1 is empty, and takes no process until it has processors and memory nodes.
async function inheritCpus(parent: string, folder: string): Promise<void> {
  for (const file of ["cpuset.cpus", "cpuset.mems"]) {
    if ((await readFile(join(folder, file), "utf8")).trim() === "") {
      await writeFile(
        join(folder, file),
        await readFile(join(parent, file), "utf8"),
      );
    }
  }
}

/** Processes in a cgroup and in every group below it. */
export async function cgroupProcesses(path: string): Promise<number[]> {
  const found = new Set<number>();
  for (const { mount } of await hierarchies()) {
    for (const folder of await folders(join(mount, path))) {
      const text = await readFile(join(folder, "cgroup.procs"), "utf8").catch(
        () => "",
      );
      // A process outside this process's own PID namespace reads as 0.
      for (const word of text.split("\n").filter(Boolean))
        if (word !== "0") found.add(Number(word));
    }
  }
  return [...found];
}

/** Removes a cgroup with all below it from every hierarchy; its processes must have been ended. */
export async function removeCgroup(path: string): Promise<void> {
  for (const { mount } of await hierarchies()) {
    for (const folder of (await folders(join(mount, path))).reverse())
      await removeFolder(folder);
    // The groups above are shared with other clusters, and go with the last one.
    await rmdir(join(mount, path, "..")).catch(() => undefined);
  }
}

// A group stays busy for a moment after its last process was killed.
async function removeFolder(folder: string): Promise<void> {
  for (let tries = 0; existsSync(folder); tries++) {
    try {
      await rmdir(folder);
    } catch (error) {
      if (tries === 500) throw error;
      await pause(20);
    }
  }
}

async function folders(root: string): Promise<string[]> {
  const entries = await readdir(root, { withFileTypes: true }).catch(() => []);
  const below = await Promise.all(
    entries
      .filter((entry) => entry.isDirectory())
      .map((entry) => folders(join(root, entry.name))),
  );
  return existsSync(root) ? [root, ...below.flat()] : [];
}
