import { createHash } from "node:crypto";
import { connect, createServer } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";

/**
 * Runs `use` while no other process of this machine holds the lock. The lock is a socket in Linux's abstract name
 * space: the kernel grants it to one process alone, and frees it however that process ends, so no stale lock can stay
 * behind. It names its holder to whoever connects.
 *
 * @param kind first part of the lock's name
 * @param path what is locked, such as a folder
 * @param onHeld called once when another process holds the lock, with that process's ID where it says so in time; the
 *   lock is waited for, unless this throws
 */
export async function withLock<T>(
  kind: string,
  path: string,
  use: () => Promise<T>,
  onHeld: (pid?: string) => void,
): Promise<T> {
  const hash = createHash("sha256").update(path).digest("hex").slice(0, 16);
  const name = `\0mlstack-${kind}-${hash}`;
  const server = createServer();
  for (let told = false; !(await listens()); told = true) {
    await untilFree(name, told ? () => undefined : onHeld);
    // The kernel frees the name a moment after the holder's last connection.
    await sleep(50);
  }
  // A waiting process stays connected until this process ends or closes the server.
  const waiting = new Set<{ destroy(): unknown }>();
  server.removeAllListeners("error");
  server.on("connection", (socket) => {
    waiting.add(socket);
    socket.on("error", () => undefined);
    socket.on("close", () => waiting.delete(socket));
    socket.write(`${process.pid}\n`);
  });
  try {
    return await use();
  } finally {
    server.close();
    for (const socket of waiting) socket.destroy();
  }

  function listens(): Promise<boolean> {
    return new Promise((resolve, reject) => {
      server.removeAllListeners("error");
      server.once("error", (error: NodeJS.ErrnoException) =>
        error.code === "EADDRINUSE" ? resolve(false) : reject(error),
      );
      server.listen(name, () => resolve(true));
    });
  }
}

// A holder that is busy may take a while to say who it is.
const answerMilliseconds = 2_000;

async function untilFree(
  name: string,
  onHeld: (pid?: string) => void,
): Promise<void> {
  const socket = connect(name);
  socket.on("error", () => undefined);
  const closed = new Promise<"free">((resolve) =>
    socket.on("close", () => resolve("free")),
  );
  const answered = new Promise<string>((resolve) =>
    socket.once("data", (data: Buffer) => resolve(data.toString().trim())),
  );
  const timer = new AbortController();
  try {
    const answer = await Promise.race([
      answered,
      closed,
      sleep(answerMilliseconds, undefined, { signal: timer.signal }),
    ]);
    if (answer === "free") return;
    onHeld(answer);
    await closed;
  } finally {
    timer.abort();
    socket.destroy();
  }
}
