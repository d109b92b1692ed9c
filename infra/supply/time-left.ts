import { availableParallelism } from "node:os";

import type { Step } from "./step";

/** Fields of a step that the estimate reads. */
type Planned = Pick<Step, "id" | "minutes">;

/** Weight of the first guess at this machine's pace, as if it had been measured over this many minutes of the table. */
const GUESS_WEIGHT = 1;

/**
 * Estimates the time left: plays the steps that are left through the lanes, each at its usual minutes by this machine's
 * pace, which finished steps tell.
 */
export class Clock {
  private readonly started = new Map<string, number>();
  private readonly finished = new Map<string, number>();
  private readonly begin: number;

  /** @param lanes steps that run at once */
  constructor(
    private readonly steps: readonly Planned[],
    private readonly lanes: number,
    private readonly now: () => number = Date.now,
    private readonly cores = availableParallelism(),
  ) {
    this.begin = now();
  }

  start(id: string): void {
    this.started.set(id, this.now());
  }

  finish(id: string): void {
    this.finished.set(id, this.now());
  }

  /** Steps that run, in the order of the list. */
  running(): readonly Planned[] {
    return this.steps.filter(
      ({ id }) => this.started.has(id) && !this.finished.has(id),
    );
  }

  /** Duration of a step so far, as text. */
  timeOf(id: string): string {
    return formatDuration(this.minutesOf(id) * 60);
  }

  /** Minutes until all steps are done. */
  minutesLeft(): number {
    const pace = this.pace();
    const lanes = this.running().map(({ id, minutes }) => {
      const elapsed = this.minutesOf(id);
      // One that runs past its time is thought nearly done, never done.
      return Math.max(minutes * pace - elapsed, elapsed * 0.1);
    });
    while (lanes.length < this.lanes) lanes.push(0);
    for (const { id, minutes } of this.steps) {
      if (this.started.has(id)) continue;
      const first = lanes.indexOf(Math.min(...lanes));
      lanes[first] = (lanes[first] ?? 0) + minutes * pace;
    }
    return Math.max(...lanes);
  }

  /** The same in words. */
  timeLeft(): string {
    const minutes = this.minutesLeft();
    return minutes < 1
      ? "less than a minute left"
      : `about ${Math.round(minutes)} min left`;
  }

  /**
   * Minutes that a minute of the table takes here. The table's minutes are those of a step that has two cores by
   * itself; here the lanes share what there is.
   */
  private pace(): number {
    let taken = GUESS_WEIGHT * Math.max(1, (this.lanes * 1.8) / this.cores);
    let usual = GUESS_WEIGHT;
    for (const { id, minutes } of this.steps) {
      if (!this.started.has(id)) continue;
      const minutesHere = this.minutesOf(id);
      // One that runs tells something only once it takes longer than it should.
      if (!this.finished.has(id) && minutesHere < (minutes * taken) / usual)
        continue;
      taken += minutesHere;
      usual += minutes;
    }
    return taken / usual;
  }

  private minutesOf(id: string): number {
    const start = this.started.get(id) ?? this.begin;
    return ((this.finished.get(id) ?? this.now()) - start) / 60_000;
  }
}

/** `75` as `1m15s`. */
export function formatDuration(seconds: number): string {
  const whole = Math.round(seconds);
  return whole < 60
    ? `${whole}s`
    : `${Math.floor(whole / 60)}m${String(whole % 60).padStart(2, "0")}s`;
}
