import { fromBase64, toHex } from '../../../../core/bytes.ts';

/** One line of `cred list`: `42,SERV,<digest>,0` (Zephyr tls_credentials_shell.c, tls_cred_cmd_list). */
export interface ListedCredential {
  readonly tag: number;
  /** `CA`, `SERV`, `PK`, `PSK`, `PSK_ID`, or `INV` for a type the shell does not know, such as a key held in PSA. */
  readonly type: string;
  /** SHA-256 of the stored bytes, lower-case hex; undefined where the device could not make it. */
  readonly digest: string | undefined;
}

const LINE = /^(\d{1,10}),([A-Z_]{1,24}),([A-Za-z0-9+/=]{1,64}|N\/A),(-?\d{1,6})$/;
const TOTAL = /(?:^|\n)(\d{1,6}) credentials found\.$/m;
/** What a firmware could ever hold (CONFIG_TLS_MAX_CREDENTIALS_NUMBER is 4 by default). */
const MOST = 256;

export interface CredentialList {
  readonly credentials: readonly ListedCredential[];
  /** False if the output was cut before its last line, as a small SMP shell buffer does. */
  readonly complete: boolean;
}

/** The list in a command's output, whatever log lines stand between; undefined if it holds no list at all. */
export function parseCredList(output: string): CredentialList | undefined {
  const credentials: ListedCredential[] = [];
  for (const line of output.split(/[\r\n]+/)) {
    const [, tag, type, digest, status] = LINE.exec(line.trim()) ?? [];
    if (tag === undefined || type === undefined || credentials.length === MOST) continue;
    const bytes = status === '0' && digest !== undefined ? fromBase64(digest) : undefined;
    credentials.push({ tag: Number(tag), type, digest: bytes?.length === 32 ? toHex(bytes) : undefined });
  }
  const total = TOTAL.exec(output.replace(/\r/g, ''))?.[1];
  if (total === undefined && credentials.length === 0) return undefined;
  return { credentials, complete: Number(total) === credentials.length };
}
