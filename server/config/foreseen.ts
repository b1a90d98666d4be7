/**
 * Names of errors that whoever started the command must put right; their message is a sentence for that person. Every
 * other error is a fault of the program.
 */
const FORESEEN: readonly string[] = ['ConfigError', 'NotNow', 'UsageError', 'VaultError', 'Unavailable'];

export function isForeseen(error: unknown): error is Error {
  return error instanceof Error && FORESEEN.includes(error.name);
}
