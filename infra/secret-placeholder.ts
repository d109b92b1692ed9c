/** What stands for a secret where a stack's file is read without its passphrase; it fits no rule of a secret's form. */
export const secretPlaceholder = "secret";
