import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { run } from './openssl.ts';

/** Where Debian puts the library. */
const MODULE = '/usr/lib/softhsm/libsofthsm2.so';

export interface SoftHsm {
  /** For the server's environment or its options. */
  readonly options: { readonly module: string; readonly token: string; readonly pin: string };
  readonly folder: string;
  remove(): void;
}

/** SoftHSM with one token in a folder of its own. Its library takes the folder from the environment of this process. */
export async function softHsm(label: string): Promise<SoftHsm> {
  const folder = mkdtempSync(join(tmpdir(), 'fieldbind-softhsm-'));
  mkdirSync(join(folder, 'tokens'));
  const file = join(folder, 'softhsm2.conf');
  writeFileSync(
    file,
    `directories.tokendir = ${folder}/tokens\nobjectstore.backend = file\nlog.level = ERROR\n`,
  );
  process.env.SOFTHSM2_CONF = file;
  const pin = '271828';
  const made = await run('softhsm2-util', [
    ...['--init-token', '--free', '--label', label, '--so-pin', '31415926', '--pin', pin],
  ]);
  if (made.code !== 0) throw new Error(`softhsm2-util: ${made.out}`);
  return {
    options: { module: MODULE, token: label, pin },
    folder,
    remove() {
      delete process.env.SOFTHSM2_CONF;
      rmSync(folder, { recursive: true, force: true });
    },
  };
}
