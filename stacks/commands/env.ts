import { runCommand } from "./command";
import { Pulumi } from "./pulumi";

/** `eval "$(npm run -s env)"`: the environment in which `pulumi` works by hand as the commands use it. */
runCommand(async () => {
  const { env } = await Pulumi.resolve();
  for (const [name, value] of Object.entries(env)) {
    process.stdout.write(`export ${name}='${value.replace(/'/g, `'\\''`)}'\n`);
  }
});
