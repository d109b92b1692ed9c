import { readOptions, runCommand } from "./command";
import { Pulumi } from "./pulumi";

/** `npm run preview -- [--stack S] [--expect-no-changes]`: what `up` would do. */
runCommand(async () => {
  const { values } = readOptions({
    stack: { type: "string", short: "s", default: "local" },
    "expect-no-changes": { type: "boolean", default: false },
  });
  const pulumi = await Pulumi.resolve();
  await pulumi.select(values.stack);
  return pulumi.run([
    "preview",
    "--stack",
    values.stack,
    ...(values["expect-no-changes"] ? ["--expect-no-changes"] : []),
  ]);
});
