/** Label of a step's objects and pods: the workload that it is of. */
export const workloadLabel = "mlstack.dev/workload";

/** Label of a step's objects and pods: its name in the workload. */
export const stepLabel = "mlstack.dev/step";

/** Annotation of a step's object: its inputs as JSON, by which `npm run submit` sets other values ({@link StepInputs}). */
export const inputsAnnotation = "mlstack.dev/inputs";

/** The inputs that a step takes: what each may be, and where it stands. */
export type StepInputs = Readonly<
  Record<
    string,
    {
      readonly type: "text" | "number" | "boolean" | "file";
      readonly choices?: readonly (string | number | boolean)[];
      readonly min?: number;
      readonly max?: number;
      /** Positions among the arguments. */
      readonly args: readonly number[];
      /** Text before it at those positions where there is any. */
      readonly prefixes?: Readonly<Record<number, string>>;
      /** Names of variables. */
      readonly env: readonly string[];
    }
  >
>;
