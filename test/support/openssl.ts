import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { PATIENCE } from './patience.ts';

export interface Ran {
  readonly code: number;
  /** Standard output and error together. */
  readonly out: string;
}

/** Runs a foreign program. A program that is not there is an error, never a reason to skip. */
export async function run(program: string, args: readonly string[]): Promise<Ran> {
  try {
    const { stdout, stderr } = await promisify(execFile)(program, [...args], { timeout: PATIENCE });
    return { code: 0, out: stdout + stderr };
  } catch (error) {
    const { code, stdout, stderr } = error as { code?: number | string; stdout?: string; stderr?: string };
    if (typeof code !== 'number') throw new Error(`${program} could not be run (${code ?? 'no exit code'})`);
    return { code, out: `${stdout ?? ''}${stderr ?? ''}` };
  }
}

export function openssl(...args: readonly string[]): Promise<Ran> {
  return run('openssl', args);
}
