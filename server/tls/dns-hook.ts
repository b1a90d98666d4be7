import { spawn } from 'node:child_process';
import { AcmeFault } from './acme-fault.ts';

/** A provider of DNS may need minutes until every server of its own has the record. */
const PATIENCE = 10 * 60_000;

/**
 * Runs the program that sets or removes a TXT record for dns-01 (RFC 8555 section 8.4): `set NAME VALUE` or `clear NAME VALUE`. It
 * must end only when the record is there, and gets none of this server's own variables, which hold secrets. Throws AcmeFault.
 */
export async function runDnsHook(
  program: string,
  act: 'set' | 'clear',
  { name, value }: { readonly name: string; readonly value: string },
  signal: AbortSignal,
): Promise<void> {
  const env = Object.fromEntries(
    Object.entries(process.env).filter(
      ([key]) => !key.startsWith('FIELDBIND_') && key !== 'CREDENTIALS_DIRECTORY',
    ),
  );
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  // What it says is for whoever runs this server, and passes by us unread.
  const child = spawn(program, [act, name, value], {
    env,
    stdio: ['ignore', 'ignore', 'inherit'],
    signal: AbortSignal.any([signal, AbortSignal.timeout(PATIENCE)]),
  });
  child.once('error', () => reject(new AcmeFault('hook_failed')));
  child.once('exit', (code) => (code === 0 ? resolve() : reject(new AcmeFault('hook_failed'))));
  await promise;
}
