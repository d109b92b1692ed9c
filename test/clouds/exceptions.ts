import type { Cloud } from "./recordings";

/** A breach of a documented rule that is not mended, and why. */
export interface RuleException {
  readonly fault: number;
  readonly cloud: Cloud;
  readonly reason: string;
}

/** Each is found by its rule; one that is not found any more is removed. */
export const ruleExceptions: readonly RuleException[] = [];

/** A finding of a cloud's published model that the cloud itself accepts, with the reason. */
export interface ModelException {
  readonly type: string;
  readonly finding: RegExp;
  readonly reason: string;
}

export const modelExceptions: readonly ModelException[] = [];
