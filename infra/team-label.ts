/** Label of a team's namespace; its value is the team's name. */
export const teamLabel = "mlstack.dev/team";
