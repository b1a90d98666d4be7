import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';

/** What `npm run fieldbind` starts. */
export const CLI = join(import.meta.dirname, '../../server/cli.mjs');

/** How a command ended that ran in a process of its own. */
interface EndedProcess {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/**
 * The command line in a process of its own, with this process's environment and what is said here. For what a process alone
 * has: its exit code, its outputs, its environment, a library that counts one user for each process. Never rejects.
 */
export async function fieldbindProcess(
  words: readonly string[],
  env: Readonly<Record<string, string>>,
): Promise<EndedProcess> {
  try {
    const run = promisify(execFile)(process.execPath, [CLI, ...words], { env: { ...process.env, ...env } });
    return { code: 0, ...(await run) };
  } catch (error) {
    const { code, stdout = '', stderr = '' } = error as { code?: number; stdout?: string; stderr?: string };
    return { code: code ?? -1, stdout, stderr };
  }
}
