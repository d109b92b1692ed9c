// The system's own files: nothing of a program's data belongs at them or below them.
const closed = [
  "/bin",
  "/boot",
  "/dev",
  "/etc",
  "/lib",
  "/lib32",
  "/lib64",
  "/libx32",
  "/proc",
  "/run",
  "/sbin",
  "/sys",
  "/usr",
];

// Folders that hold what belongs to others: data may lie below them, in a folder of its own.
const shared = [
  "/",
  "/home",
  "/media",
  "/mnt",
  "/opt",
  "/root",
  "/srv",
  "/tmp",
  "/var",
  "/var/cache",
  "/var/lib",
  "/var/local",
  "/var/log",
  "/var/run",
  "/var/spool",
  "/var/tmp",
];

/** Whether a path is `/`, a folder of the operating system, or in one. `path` must be absolute and normalised. */
export function isSystemFolder(path: string): boolean {
  return (
    shared.includes(path) ||
    closed.some((folder) => path === folder || path.startsWith(`${folder}/`))
  );
}
