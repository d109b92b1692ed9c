/** Placeholder for a secret where a stack's file is read without its passphrase; it matches no secret's format. */
export const secretPlaceholder = "secret";
