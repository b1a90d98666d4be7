import { existsSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { MailAddress } from '../../contract/notice.ts';
import { parse } from '../../contract/parse.ts';
import { parseDomainName } from '../../core/name.ts';
import { ConfigError, type Environment } from './config-error.ts';
import { type PublicAddress, readPort, readPublicAddress } from './public-address.ts';

export { ConfigError, type Environment } from './config-error.ts';

export interface KeyPairFiles {
  readonly certificateFile: string;
  readonly keyFile: string;
}

export interface EstCaConfig extends KeyPairFiles {
  /** EST address of the CA, without `/simpleenroll`. */
  readonly url: string;
  readonly chainFile: string;
  /** Trust anchors for its server; without this file, the last certificate of the chain. */
  readonly trustFile: string | undefined;
}

/** Everything an operator of this server may set. See docs/operations.md. */
export interface Config extends PublicAddress {
  /** Data folder, absolute. */
  readonly data: string;
  /** Address of a PostgreSQL; without it, the database is a file in the data folder. Contains a password: never to be shown. */
  readonly databaseUrl: string | undefined;
  readonly suffix: string;
  /** Whether several servers may work with one data folder whose database is a file. */
  readonly servers: 'one' | 'many';
  readonly caPassphrase: string | undefined;
  /** Passphrase of root files, which move a root's key to another machine; only commands need it. */
  readonly rootPassphrase: string | undefined;
  /** The token that has the keys; without it, keys are files. Contains a PIN: never to be shown. */
  readonly pkcs11: { readonly module: string; readonly token: string; readonly pin: string } | undefined;
  readonly tls: KeyPairFiles | undefined;
  /** Receivers of events: hosts that may have private addresses, and the folder of their files. */
  readonly events: { readonly allowed: readonly string[]; readonly files: string | undefined };
  /** The mail server that takes what we send; undefined if none is set. Contains a password: never to be shown. */
  readonly mail: MailConfig | undefined;
  /** Push services: hosts that may have private addresses, and what is trusted for them in place of the system's anchors, PEM. */
  readonly pushes: { readonly allowed: readonly string[]; readonly trust: string | undefined };
  /** The devices' own listener; undefined if no port is set. Without files it has the certificate that ACME brought. */
  readonly est: (Partial<KeyPairFiles> & { readonly port: number; readonly host: string }) | undefined;
  /** A third party's CA that signs devices in place of ours; see server/authority/est-ca. */
  readonly estCa: EstCaConfig | undefined;
}

export interface MailConfig {
  readonly host: string;
  readonly port: number;
  readonly security: 'tls' | 'starttls' | 'none';
  readonly user: string | undefined;
  readonly password: string | undefined;
  readonly from: string;
  readonly trustFile: string | undefined;
}

/** Reads and checks the environment. Throws ConfigError with a sentence that names the variable. */
export function readConfig(environment: Environment): Config {
  const tls = readPair(environment, 'FIELDBIND_TLS_CERT', 'FIELDBIND_TLS_KEY');
  const address = readPublicAddress(environment, {
    hasFiles: tls !== undefined,
    acmeHmacKey: readSecret(environment, SECRETS.acmeHmac),
  });
  return {
    ...address,
    data: resolve(environment.FIELDBIND_DATA || './data'),
    databaseUrl: readDatabaseUrl(environment.FIELDBIND_DATABASE_URL),
    suffix: readSuffix(environment.FIELDBIND_SUFFIX || 'fieldbind.internal'),
    servers: readServers(environment.FIELDBIND_SERVERS || 'one'),
    caPassphrase: readSecret(environment, SECRETS.ca),
    rootPassphrase: readSecret(environment, SECRETS.root),
    pkcs11: readPkcs11(environment),
    tls,
    events: {
      allowed: readHosts('FIELDBIND_EVENT_HOSTS', environment.FIELDBIND_EVENT_HOSTS),
      files: environment.FIELDBIND_EVENT_FILES ? resolve(environment.FIELDBIND_EVENT_FILES) : undefined,
    },
    mail: readMail(environment),
    pushes: {
      allowed: readHosts('FIELDBIND_PUSH_HOSTS', environment.FIELDBIND_PUSH_HOSTS),
      trust: undefined,
    },
    est: readEst(environment, tls, address.acme !== undefined),
    estCa: readEstCa(environment),
  };
}

function readDatabaseUrl(text: string | undefined): string | undefined {
  if (!text) return undefined;
  const url = URL.parse(text);
  if (url === null || !/^postgres(ql)?:$/.test(url.protocol))
    throw new ConfigError('FIELDBIND_DATABASE_URL is not an address like postgres://user@host/database');
  return text;
}

function readServers(text: string): Config['servers'] {
  if (text !== 'one' && text !== 'many') throw new ConfigError('FIELDBIND_SERVERS is neither one nor many');
  return text;
}

function readSuffix(text: string): string {
  const parsed = parseDomainName(text);
  if (!parsed.ok) throw new ConfigError(`FIELDBIND_SUFFIX is not a domain name (${parsed.code})`);
  return parsed.name;
}

/** Hosts in the form of a receiver's address: `host`, or `host:port`. */
function readHosts(name: string, text: string | undefined): string[] {
  const hosts = (text ?? '').split(',').flatMap((word) => (word.trim() === '' ? [] : [word.trim()]));
  if (!hosts.every((host) => /^(?:[a-z0-9.-]+|\[[0-9a-f:.]+\])(?::\d{1,5})?$/.test(host)))
    throw new ConfigError(`${name} is not a list like broker.internal:8883,10.0.0.5`);
  return hosts;
}

/** Devices prove themselves by their keys, so this listener may be reached from elsewhere, unlike the app's. */
function readEst(environment: Environment, tls: KeyPairFiles | undefined, hasAcme: boolean): Config['est'] {
  const port = readPort('FIELDBIND_EST_PORT', environment.FIELDBIND_EST_PORT);
  const pair = readPair(environment, 'FIELDBIND_EST_CERT', 'FIELDBIND_EST_KEY') ?? tls;
  if (port === undefined) return undefined;
  if (pair === undefined && !hasAcme)
    throw new ConfigError('FIELDBIND_EST_PORT needs FIELDBIND_EST_CERT and FIELDBIND_EST_KEY');
  return { ...pair, port, host: environment.FIELDBIND_EST_HOST || '127.0.0.1' };
}

/** The address may contain `{org}` and `{domain}`, by which such a CA learns what it must write into a certificate. */
function readEstCa(environment: Environment): EstCaConfig | undefined {
  const { FIELDBIND_EST_CA_URL: url, FIELDBIND_EST_CA_CHAIN: chainFile } = environment;
  const pair = readPair(environment, 'FIELDBIND_EST_CA_CERT', 'FIELDBIND_EST_CA_KEY');
  const trustFile = environment.FIELDBIND_EST_CA_TRUST || undefined;
  if (!url && !chainFile && pair === undefined && trustFile === undefined) return undefined;
  if (!url || !chainFile || pair === undefined)
    throw new ConfigError(
      'FIELDBIND_EST_CA_URL, FIELDBIND_EST_CA_CHAIN, FIELDBIND_EST_CA_CERT and FIELDBIND_EST_CA_KEY are needed together',
    );
  const plain = url.replaceAll(/\{(?:org|domain)\}/g, 'x');
  const read = URL.parse(plain);
  if (
    read?.protocol !== 'https:' ||
    read.username !== '' ||
    /[?#{}]/.test(plain) ||
    /[{}]/.test(/^https:\/\/[^/]*/.exec(url)?.[0] ?? '')
  )
    throw new ConfigError(
      'FIELDBIND_EST_CA_URL is not a plain https address like https://ca.example.org/.well-known/est/{domain}',
    );
  return { ...pair, url: url.replace(/\/+$/, ''), chainFile, trustFile };
}

/** Without TLS only to a mail server on this machine, and without a password there. */
function readMail(environment: Environment): MailConfig | undefined {
  const { FIELDBIND_SMTP_URL: text, FIELDBIND_MAIL_FROM: from } = environment;
  const password = readSecret(environment, SECRETS.smtp);
  if (!text && !from && password === undefined) return undefined;
  const url = text ? URL.parse(text) : null;
  if (
    url === null ||
    !/^smtps?:$/.test(url.protocol) ||
    url.hostname === '' ||
    !/^\/?$/.test(url.pathname) ||
    `${url.search}${url.hash}` !== ''
  )
    throw new ConfigError(
      'FIELDBIND_SMTP_URL is not an address like smtp://user@mail.example.org:587 or smtps://…',
    );
  if (url.password !== '')
    throw new ConfigError(
      'FIELDBIND_SMTP_URL has a password in it: put it into a file that FIELDBIND_SMTP_PASSWORD_FILE names',
    );
  if (!from || parse(MailAddress, from) === undefined)
    throw new ConfigError('FIELDBIND_MAIL_FROM is not a mail address like fieldbind@example.org');
  const user = url.username === '' ? undefined : decoded(url.username);
  if ((user === undefined) !== (password === undefined))
    throw new ConfigError(
      'FIELDBIND_SMTP_URL names a user if there is a password (FIELDBIND_SMTP_PASSWORD_FILE), and only then',
    );
  const host = url.hostname.replace(/^\[|\]$/g, '');
  const isHere = /^(?:localhost|127\.0\.0\.1|::1)$/.test(host) && user === undefined;
  const security = url.protocol === 'smtps:' ? 'tls' : isHere ? 'none' : 'starttls';
  const port = Number(url.port) || (security === 'tls' ? 465 : security === 'none' ? 25 : 587);
  const trustFile = environment.FIELDBIND_SMTP_TRUST || undefined;
  return { host, port, security, user, password, from, trustFile: trustFile && resolve(trustFile) };
}

/** Throws ConfigError where it is no percent-encoding. */
function decoded(user: string): string {
  try {
    return decodeURIComponent(user);
  } catch {
    throw new ConfigError('FIELDBIND_SMTP_URL has a user that cannot be read: write % as %25');
  }
}

/** A secret: its variable, the variable that names a file with it, and what systemd calls it as a credential. */
interface Secret {
  readonly variable: string;
  readonly file: string;
  readonly credential: string;
}

const SECRETS = {
  ca: {
    variable: 'FIELDBIND_CA_PASSPHRASE',
    file: 'FIELDBIND_CA_PASSPHRASE_FILE',
    credential: 'fieldbind-ca-passphrase',
  },
  root: {
    variable: 'FIELDBIND_ROOT_PASSPHRASE',
    file: 'FIELDBIND_ROOT_PASSPHRASE_FILE',
    credential: 'fieldbind-root-passphrase',
  },
  smtp: {
    variable: 'FIELDBIND_SMTP_PASSWORD',
    file: 'FIELDBIND_SMTP_PASSWORD_FILE',
    credential: 'fieldbind-smtp-password',
  },
  pin: {
    variable: 'FIELDBIND_PKCS11_PIN',
    file: 'FIELDBIND_PKCS11_PIN_FILE',
    credential: 'fieldbind-pkcs11-pin',
  },
  acmeHmac: {
    variable: 'FIELDBIND_ACME_EAB_HMAC',
    file: 'FIELDBIND_ACME_EAB_HMAC_FILE',
    credential: 'fieldbind-acme-eab-hmac',
  },
} as const satisfies Record<string, Secret>;

/** Far longer than any passphrase. */
const LONGEST_SECRET = 4096;

/**
 * A secret from the environment, from a file that it names, or from a credential that systemd hands over (systemd.exec,
 * "Credentials"). Of a file the line's end does not count. The first two together are a mistake; both go before a credential.
 */
function readSecret(environment: Environment, { variable, file, credential }: Secret): string | undefined {
  const [said, path] = [environment[variable] || undefined, environment[file] || undefined];
  if (said !== undefined && path !== undefined)
    throw new ConfigError(`${variable} and ${file} are both set: unset one of them`);
  if (said !== undefined) return said;
  if (path !== undefined) return secretIn(resolve(path), file);
  const folder = environment.CREDENTIALS_DIRECTORY || undefined;
  const handed = folder && join(folder, credential);
  return handed && existsSync(handed) ? secretIn(handed, `the credential ${credential}`) : undefined;
}

function secretIn(path: string, what: string): string {
  let text: string;
  try {
    text = readFileSync(path, 'utf8').replace(/\r?\n$/, '');
  } catch {
    throw new ConfigError(`${what} names a file that cannot be read`);
  }
  if (text === '' || text.length > LONGEST_SECRET || /[\0\r\n]/.test(text))
    throw new ConfigError(`${what} names a file that is not one line with a secret in it`);
  return text;
}

function readPkcs11(environment: Environment): Config['pkcs11'] {
  const { FIELDBIND_PKCS11_MODULE: module, FIELDBIND_PKCS11_TOKEN: token } = environment;
  const pin = readSecret(environment, SECRETS.pin);
  if (!module && !token && !pin) return undefined;
  if (!module || !token || !pin)
    throw new ConfigError(
      'FIELDBIND_PKCS11_MODULE, FIELDBIND_PKCS11_TOKEN and FIELDBIND_PKCS11_PIN are needed together',
    );
  return { module: resolve(module), token, pin };
}

function readPair(environment: Environment, certificate: string, key: string): KeyPairFiles | undefined {
  const certificateFile = environment[certificate] || undefined;
  const keyFile = environment[key] || undefined;
  if (certificateFile === undefined && keyFile === undefined) return undefined;
  if (certificateFile === undefined || keyFile === undefined)
    throw new ConfigError(`${certificate} and ${key} are needed together`);
  return { certificateFile, keyFile };
}
