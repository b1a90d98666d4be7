import { readFileSync } from 'node:fs';
import { join } from 'node:path';

/**
 * A receiver's certificates and credentials, read from files that are named after it, so that no secret is in the
 * database or on a command line.
 */
export interface ReceiverFiles {
  /** PEM: trust anchors that replace the system's. */
  readonly ca?: string;
  /** PEM: our client certificate and key. */
  readonly cert?: string;
  readonly key?: string;
  /** Credentials for MQTT. */
  readonly username?: string;
  readonly password?: string;
}

const FILES = [
  ['ca', 'ca.pem'],
  ['cert', 'cert.pem'],
  ['key', 'key.pem'],
  ['username', 'username'],
  ['password', 'password'],
] as const;

/** Reads the files each time, so that a change takes effect without a restart. A missing file is ignored. */
export function receiverFiles(folder: string | undefined, name: string): ReceiverFiles {
  if (folder === undefined) return {};
  const found = FILES.flatMap(([what, ending]) => {
    const text = read(join(folder, `${name}.${ending}`));
    return text === undefined ? [] : [[what, ending.endsWith('.pem') ? text : text.trimEnd()] as const];
  });
  return Object.fromEntries(found);
}

function read(file: string): string | undefined {
  try {
    return readFileSync(file, 'utf8');
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined;
    throw error;
  }
}
