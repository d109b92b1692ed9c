import type * as pulumi from "@pulumi/pulumi";

import type { PlacedPool, Platform } from "../../infra/platform";
import type { Team, TeamAccount } from "../teams/team";

/** Arguments of a notebook server. */
export interface NotebookArgs {
  readonly platform: Platform;
  readonly team: Team;
  readonly account: TeamAccount;
  readonly pool: PlacedPool;
  readonly image: pulumi.Input<string>;
  readonly size: NotebookSize;
  /** More of the server's environment, such as where the feature store is. */
  readonly env: Readonly<Record<string, pulumi.Input<string>>>;
  /** Kubeflow's notebook controller and its kind, where the stack has it: it runs the server then. */
  readonly controller?: pulumi.Input<pulumi.Resource[]>;
}

/** Size of a notebook server, and when what it does no more is ended. */
export interface NotebookSize {
  readonly cpu: string;
  readonly memory: string;
  /** Size of the home, which outlives the server. */
  readonly disk: string;
  /** Minutes after which a kernel or terminal that does nothing is ended, with its memory. */
  readonly idleMinutes: number;
}
