import { prepare } from "../../airgap";
import { readOptions, runCommand } from "./command";
import { readStackFile } from "./stack-file";

/** `npm run prepare:local -- [--stack S]`: builds and fetches what `npm run up` of a stack, or of any, would at first. */
runCommand(async () => {
  const { values } = readOptions({ stack: { type: "string", short: "s" } });
  await prepare(values.stack ? readStackFile(values.stack).parts : undefined);
});
