import { statfsSync } from "node:fs";

/** Watches how much more of a folder's file system is in use than at the beginning. */
export class DiskWatch {
  private readonly before: number;
  private least: number;
  private readonly timer: NodeJS.Timeout;

  constructor(private readonly folder: string) {
    this.before = this.least = free(folder);
    this.timer = setInterval(() => this.look(), 2000);
  }

  /** @returns the most seen, in GB of 2^30 bytes, whoever has written it. */
  stop(): number {
    clearInterval(this.timer);
    this.look();
    return (this.before - this.least) / 2 ** 30;
  }

  private look(): void {
    this.least = Math.min(this.least, free(this.folder));
  }
}

function free(folder: string): number {
  const { bavail, bsize } = statfsSync(folder);
  return bavail * bsize;
}
