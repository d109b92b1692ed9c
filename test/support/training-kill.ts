import { setTimeout as pause } from "node:timers/promises";

import type { Kubectl } from "./kubectl";

const namespace = "--namespace=ml";

/** The first replica of a training in the team's namespace; each run has another pod of the same name. */
export class TrainingKill {
  private readonly former: string | undefined;

  /** @param pod its name, as the training operator gives it */
  constructor(
    private readonly kubectl: Kubectl,
    private readonly pod: string,
  ) {
    this.former = this.uid();
  }

  /** Kills the pod of the next run once it has trained for so many epochs or trees. */
  async after(rounds: number, seconds = 300): Promise<void> {
    for (const end = Date.now() + seconds * 1000; Date.now() < end;) {
      if (this.uid() !== this.former && this.rounds() >= rounds) {
        this.kubectl.run([
          ...["delete", "pod", this.pod, namespace],
          ...["--grace-period=0", "--force", "--wait=false"],
        ]);
        return;
      }
      await pause(300);
    }
    throw new Error(`${this.pod} has not come to ${rounds} rounds`);
  }

  /** Result of the training, from the pod's termination message. */
  result(): { readonly resumedFrom: number } {
    const message = this.kubectl.run([
      ...["get", "pod", this.pod, namespace, "--output"],
      "jsonpath={.status.containerStatuses[0].state.terminated.message}",
    ]);
    return JSON.parse(message) as { readonly resumedFrom: number };
  }

  private uid(): string | undefined {
    const uid = this.kubectl.run([
      ...["get", "pod", this.pod, namespace, "--ignore-not-found"],
      ...["--output", "jsonpath={.metadata.uid}"],
    ]);
    return uid === "" ? undefined : uid;
  }

  private rounds(): number {
    try {
      const log = this.kubectl.run(["logs", this.pod, namespace, "--tail=1"]);
      return Number(/(?:epoch|tree) (\d+): loss/.exec(log)?.[1] ?? 0);
    } catch {
      // Its container has not started yet, or is gone again.
      return 0;
    }
  }
}
