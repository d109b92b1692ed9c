import { CommandFailed, run } from "../../infra/supply/process";
import { awsEndCheck } from "./aws";
import { distinct, type Leftover, type Question } from "./leftover";

const installHints: Readonly<Record<Question["command"], string>> = {
  aws: "install the AWS CLI, https://docs.aws.amazon.com/cli/, and log in with `aws sso login`",
  gcloud:
    "install the Google Cloud CLI, https://cloud.google.com/sdk/docs/install, and log in with `gcloud auth login`",
  az: "install the Azure CLI, https://learn.microsoft.com/cli/azure/, and log in with `az login`",
};

/** Why it cannot be said what is left. */
export class CannotLook extends Error {}

/** Everything that a cloud still has of a stack. @throws {CannotLook} when it does not answer. */
export async function ask(questions: readonly Question[]): Promise<Leftover[]> {
  const found: Leftover[] = [];
  for (const question of questions) {
    found.push(...question.read(await answer(question)));
  }
  const there = await Promise.all(
    distinct(found).map(async (one) => ((await ended(one)) ? [] : [one])),
  );
  return there.flat();
}

async function answer({ command, args }: Question): Promise<string> {
  try {
    return await run(command, args);
  } catch (error) {
    const text = error instanceof Error ? error.message : String(error);
    throw new CannotLook(`${text}\n${command}: ${installHints[command]}`);
  }
}

async function ended(leftover: Leftover): Promise<boolean> {
  const check = awsEndCheck(leftover);
  if (!check) return false;
  try {
    return check.gone.test(await run("aws", check.args));
  } catch (error) {
    // What AWS no longer knows is an error to it; any other error is no proof.
    return (
      error instanceof CommandFailed &&
      error.lastLines.some((line) => /NotFound/.test(line))
    );
  }
}
