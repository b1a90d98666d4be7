import { resolve } from 'node:path';
import { parseDomainName } from '../../core/name.ts';

/** Everything an operator of this server may set. See docs/operations.md. */
export interface Config {
  readonly port: number;
  readonly host: string;
  /** Data folder, absolute. */
  readonly data: string;
  /** Where phones and verifiers reach this server, without a slash at the end; stands in certificates. */
  readonly publicUrl: string;
  readonly suffix: string;
  readonly caPassphrase: string | undefined;
  readonly tls: { readonly certificateFile: string; readonly keyFile: string } | undefined;
}

export class ConfigError extends Error {
  override readonly name = 'ConfigError';
}

type Environment = Readonly<Record<string, string | undefined>>;

/** Reads and checks the environment. Throws ConfigError with a sentence that names the variable. */
export function readConfig(environment: Environment): Config {
  const port = readPort(environment.PORT);
  const tls = readTls(environment);
  const scheme = tls === undefined ? 'http' : 'https';
  return {
    port,
    host: readHost(environment.FIELDBIND_HOST),
    data: resolve(environment.FIELDBIND_DATA || './data'),
    publicUrl: readUrl(environment.FIELDBIND_PUBLIC_URL || `${scheme}://localhost:${port}`),
    suffix: readSuffix(environment.FIELDBIND_SUFFIX || 'fieldbind.internal'),
    caPassphrase: environment.FIELDBIND_CA_PASSPHRASE || undefined,
    tls,
  };
}

function readPort(text: string | undefined): number {
  if (!text) return 4600;
  if (!/^[0-9]{1,5}$/.test(text) || Number(text) > 65535)
    throw new ConfigError('PORT is not a number from 0 to 65535');
  return Number(text);
}

/**
 * Anybody who reaches this server can sign in as a demo person, so it is reached from this machine only. Other ways to
 * sign in will open it.
 */
function readHost(text: string | undefined): string {
  if (!text || text === '127.0.0.1' || text === 'localhost') return '127.0.0.1';
  throw new ConfigError(
    `FIELDBIND_HOST is ${text}, but this server signs demo people in without a password, so it listens on 127.0.0.1 only`,
  );
}

function readUrl(text: string): string {
  const url = URL.parse(text);
  if (
    url === null ||
    !/^https?:$/.test(url.protocol) ||
    url.search !== '' ||
    url.hash !== '' ||
    url.username !== ''
  )
    throw new ConfigError('FIELDBIND_PUBLIC_URL is not a plain http or https address');
  return url.href.replace(/\/+$/, '');
}

function readSuffix(text: string): string {
  const parsed = parseDomainName(text);
  if (!parsed.ok) throw new ConfigError(`FIELDBIND_SUFFIX is not a domain name (${parsed.code})`);
  return parsed.name;
}

function readTls(environment: Environment): Config['tls'] {
  const certificateFile = environment.FIELDBIND_TLS_CERT || undefined;
  const keyFile = environment.FIELDBIND_TLS_KEY || undefined;
  if (certificateFile === undefined && keyFile === undefined) return undefined;
  if (certificateFile === undefined || keyFile === undefined)
    throw new ConfigError('FIELDBIND_TLS_CERT and FIELDBIND_TLS_KEY are needed together');
  return { certificateFile, keyFile };
}
