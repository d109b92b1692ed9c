import { readFileSync } from "node:fs";

/** Watches how much memory is in use on the machine. */
export class MemoryWatch {
  private peak = used();
  private readonly timer = setInterval(() => {
    this.peak = Math.max(this.peak, used());
  }, 500);

  /** @returns the most seen, in GB of 2^30 bytes: everything in use on the machine, caches aside. */
  stop(): number {
    clearInterval(this.timer);
    this.peak = Math.max(this.peak, used());
    return this.peak;
  }
}

function used(): number {
  const text = readFileSync("/proc/meminfo", "utf8");
  const kibibytes = (name: string) =>
    Number(new RegExp(`^${name}:\\s+(\\d+)`, "m").exec(text)?.[1] ?? NaN);
  return (kibibytes("MemTotal") - kibibytes("MemAvailable")) / 2 ** 20;
}
