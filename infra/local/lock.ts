import { mkdir, readFile, rm, writeFile } from "node:fs/promises";
import { dirname } from "node:path";

import type { Layout } from "./layout";

/** Runs one piece of work on a cluster at a time; a second one is refused while the first still runs. */
export async function withLock<T>(
  layout: Layout,
  work: () => Promise<T>,
): Promise<T> {
  await mkdir(dirname(layout.lock), { recursive: true });
  await acquire(layout);
  try {
    return await work();
  } finally {
    await rm(layout.lock, { force: true });
  }
}

async function acquire(layout: Layout): Promise<void> {
  const self = `${process.pid} ${await startOf(process.pid)}`;
  const take = () =>
    writeFile(layout.lock, self, { flag: "wx" }).then(
      () => true,
      (error: NodeJS.ErrnoException) => {
        if (error.code === "EEXIST") return false;
        throw error;
      },
    );
  if (await take()) return;
  const [pid = "", start] = (await readFile(layout.lock, "utf8")).split(" ");
  // The start time tells a holder that still runs from a stranger that got its number.
  if (start && (await startOf(Number(pid))) === start) {
    throw new Error(
      `cluster ${layout.inputs.name}: process ${pid} is at work on it (${layout.lock}); wait until it ends, or end it with kill ${pid}`,
    );
  }
  await rm(layout.lock, { force: true });
  if (!(await take()))
    throw new Error(
      `cluster ${layout.inputs.name}: another process has just begun to work on it; try again`,
    );
}

async function startOf(pid: number): Promise<string | undefined> {
  const stat = await readFile(`/proc/${pid}/stat`, "utf8").catch(() => "");
  // The second field is a name that may hold spaces and parentheses; the start time is the 20th after it.
  return stat.slice(stat.lastIndexOf(")") + 2).split(" ")[19];
}
