/** What whoever started a command must put right; its message is a sentence for them. All else is a fault of ours. */
const FORESEEN: readonly string[] = ['ConfigError', 'UsageError', 'VaultError'];

export function isForeseen(error: unknown): error is Error {
  return error instanceof Error && FORESEEN.includes(error.name);
}
