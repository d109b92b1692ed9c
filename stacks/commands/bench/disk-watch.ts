import { freeSpace } from "../../../infra/folders/free-space";

/** Watches how much more of a folder's file system is in use than at the beginning. */
export class DiskWatch {
  private readonly before: number;
  private least: number;
  private readonly timer: NodeJS.Timeout;

  constructor(private readonly folder: string) {
    this.before = this.least = freeSpace(folder);
    this.timer = setInterval(() => this.look(), 2000);
  }

  /** @returns the most seen, in GB of 2^30 bytes, whoever has written it. */
  stop(): number {
    clearInterval(this.timer);
    this.look();
    return (this.before - this.least) / 2 ** 30;
  }

  private look(): void {
    this.least = Math.min(this.least, freeSpace(this.folder));
  }
}
