import { isUri, pathProblem } from "./input-file";
import type { Input } from "../schema/input";

/** Problem with the value of an input; undefined without one. The content of files is checked elsewhere. */
export function inputFault(
  {
    type,
    choices,
    min = -Infinity,
    max = Infinity,
    columns,
  }: Pick<Input, "type" | "choices" | "min" | "max" | "columns">,
  value: string,
): string | undefined {
  if (choices !== undefined && !choices.map(String).includes(value))
    return `choose one of ${choices.join(", ")}`;
  if (type === "number") return numberFault(value, min, max);
  if (type === "boolean" && !["true", "false"].includes(value))
    return "write true or false";
  return type === "file"
    ? pathProblem(value, columns !== undefined)
    : undefined;
}

function numberFault(
  value: string,
  min: number,
  max: number,
): string | undefined {
  const number = Number(value);
  if (value.trim() === "" || Number.isNaN(number)) return "write a number";
  if (number < min) return `write ${min} or more`;
  return number > max ? `write ${max} or less` : undefined;
}

/** Problem with the value of an input for another run of a job, whose image cannot receive new files. */
export function submittedFault(
  input: Parameters<typeof inputFault>[0],
  value: string,
): string | undefined {
  if (input.type === "file" && !(isUri(value) && value.includes("://")))
    return "name it by its URI, such as s3a://raw/events.csv";
  return inputFault(input, value);
}
