import { WebService } from "../../components/serving/web-service";
import type { StepOf } from "../schema/step";
import type { Runner } from "./runner";

/** A container that answers on a port. */
export const serve: Runner<StepOf<"serve">> = (
  name,
  { step, ...args },
  opts,
) => {
  const { command, size, user, port, health } = step;
  new WebService(name, { ...args, command, size, user, port, health }, opts);
  return undefined;
};
