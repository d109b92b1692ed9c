import { runCommand } from "./command";
import { Pulumi } from "./pulumi";

/** `npm run pulumi -- preview -s local`: any command of the CLI, in the commands' environment. */
runCommand(async () => (await Pulumi.resolve()).run(process.argv.slice(2)));
