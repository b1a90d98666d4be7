/** What stands above an issuing CA whose root is not ours, PEM; null under our own root, whose certificate has a row. */
export const CHAINS_ABOVE = ['alter table authorities add column above text'] as const;
