/** Label of what `npm run features` makes jobs of: `questions`, `rollback` or `drift`. */
export const commandLabel = "mlstack.dev/features-command";

/** Label of the view that such a thing is about. */
export const viewLabel = "mlstack.dev/feature-view";

/** Label of the model that such a thing is about. */
export const modelLabel = "mlstack.dev/model";

/** Label of a suspended schedule: the job of the program that does the same work; see mlstack_features/retraining.py. */
export const runLabel = "mlstack.dev/run-of";

/** Label of pods that are let out to a database: the job whose they are. */
export const databaseClientLabel = "mlstack.dev/database-client";
