import type { Input } from "./schema";

/** What is wrong with the value of an input; undefined where it fits. */
export function inputFault(
  { type, choices }: Pick<Input, "type" | "choices">,
  value: string,
): string | undefined {
  if (choices !== undefined && !choices.map(String).includes(value))
    return `choose one of ${choices.join(", ")}`;
  if (type === "number" && (value.trim() === "" || Number.isNaN(Number(value))))
    return "write a number";
  if (type === "boolean" && !["true", "false"].includes(value))
    return "write true or false";
  return undefined;
}
