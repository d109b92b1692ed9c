import { existsSync } from "node:fs";
import { delimiter, dirname } from "node:path";

import { toolPath } from "../../airgap/toolchain/tools";
import { runCommand } from "./command";
import { Pulumi } from "./pulumi";

/** `eval "$(npm run -s env)"`: the environment in which `pulumi` works by hand as the commands use it. */
runCommand(async () => {
  const { command, env } = await Pulumi.resolve();
  const folders = [command, toolPath("kubectl"), toolPath("helm")]
    .filter((program) => existsSync(program))
    .map(dirname);
  const path = env["PATH"] ?? process.env["PATH"] ?? "";
  const variables = { ...env, PATH: [...folders, path].join(delimiter) };
  for (const [name, value] of Object.entries(variables)) {
    process.stdout.write(`export ${name}='${value.replace(/'/g, `'\\''`)}'\n`);
  }
});
