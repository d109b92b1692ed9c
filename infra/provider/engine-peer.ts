import { existsSync, readdirSync, readFileSync, readlinkSync } from "node:fs";

const table = "/proc/net/tcp";

/**
 * Whether a process holds the other end of a connection to a port of the IPv4 loopback address. The engine dials
 * without credentials, and any user of the machine could; the kernel knows whose socket it is.
 *
 * Where the kernel does not tell (no Linux), the answer is yes.
 *
 * @param pid of the process
 * @param peer address and port of the other end, such as `127.0.0.1:40112`
 * @param port of this end
 */
export function isPeerOf(pid: number, peer: string, port: number): boolean {
  if (!existsSync(table)) return true;
  const inode = socketInode(readFileSync(table, "utf8"), peer, port);
  return inode !== undefined && socketsOf(pid).has(inode);
}

/** Inode of the socket that is connected from a peer to a loopback port, by the text of `/proc/net/tcp`. */
export function socketInode(
  connections: string,
  peer: string,
  port: number,
): string | undefined {
  const from = hexadecimal(peer);
  const to = hexadecimal(`127.0.0.1:${port}`);
  for (const line of connections.split("\n").slice(1)) {
    const [, local, remote, , , , , , , inode] = line.trim().split(/\s+/);
    if (local === from && remote === to) return inode;
  }
  return undefined;
}

/** An address as the kernel writes it: bytes in the machine's order, which is little-endian. */
function hexadecimal(address: string): string | undefined {
  const [ip = "", port = ""] = address.split(":");
  const hex = (value: string, length: number) =>
    Number(value).toString(16).padStart(length, "0").toUpperCase();
  const bytes = ip.split(".").map((part) => hex(part, 2));
  return bytes.length === 4
    ? `${bytes.reverse().join("")}:${hex(port, 4)}`
    : undefined;
}

function socketsOf(pid: number): ReadonlySet<string> {
  const folder = `/proc/${pid}/fd`;
  const found = new Set<string>();
  for (const descriptor of readdirSync(folder)) {
    try {
      const target = readlinkSync(`${folder}/${descriptor}`);
      const inode = /^socket:\[(\d+)\]$/.exec(target)?.[1];
      if (inode !== undefined) found.add(inode);
    } catch {
      // Closed since the folder was listed.
    }
  }
  return found;
}
