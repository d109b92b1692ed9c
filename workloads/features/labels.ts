/** Label of what `npm run features` makes jobs of: `questions` or `rollback`. */
export const commandLabel = "mlstack.dev/features-command";

/** Label of the view that such a thing is about. */
export const viewLabel = "mlstack.dev/feature-view";
