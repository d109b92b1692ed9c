import { prepare } from "../../airgap";
import { runCommand } from "./command";

/** `npm run prepare:local`: builds and fetches what a local stack needs, as `npm run up` does first. */
runCommand(() => prepare());
