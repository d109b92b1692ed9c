/** Name of the secret in which an account finds its key pair of the object store. */
export function objectStoreSecret(account: string): string {
  return `${account}-object-store`;
}
