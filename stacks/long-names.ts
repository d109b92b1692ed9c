import * as pulumi from "@pulumi/pulumi";

import { targetNameLimits } from "../infra";
import { checkName } from "../infra/names/name-limits";
import { describeProblem } from "../infra/problem";

/** Refuses a resource whose name is too long, before it is registered. @throws {pulumi.RunError} */
export const refuseLongNames: pulumi.ResourceTransformation = ({
  type,
  name,
  props,
}) => {
  const inputs = props as Record<string, unknown>;
  const [problem] = checkName(type, name, inputs, targetNameLimits);
  if (problem) throw new pulumi.RunError(describeProblem(problem));
  return undefined;
};
