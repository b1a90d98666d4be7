import { isIP } from 'node:net';
import { isAbsolute, join } from 'node:path';
import { MailAddress } from '../../contract/notice.ts';
import { parse } from '../../contract/parse.ts';

/** What whoever sets a server up has said, as it was typed. Undefined or empty: nothing was said of it. */
export interface Said {
  readonly public: string | undefined;
  /** Whom the CA that speaks ACME may write to. */
  readonly email?: string | undefined;
  /** Addresses of proxies in front, which have the certificate then. */
  readonly proxies?: string | undefined;
  readonly data?: string | undefined;
  /** Address of a PostgreSQL. A secret. */
  readonly database?: string | undefined;
  readonly smtp?: string | undefined;
  /** A secret. */
  readonly smtpPassword?: string | undefined;
  readonly from?: string | undefined;
}

export interface Plan {
  /** Without a slash at the end. */
  readonly publicUrl: string;
  readonly email: string | undefined;
  readonly proxies: string | undefined;
  readonly data: string;
  readonly database: string | undefined;
  readonly smtp: string | undefined;
  readonly smtpPassword: string | undefined;
  readonly from: string | undefined;
}

/** Where systemd keeps what a service writes. */
export const STATE = '/var/lib';
const DATA = join(STATE, 'fieldbind');

/** The plan, or a sentence that says what is wrong with what was said. Names no secret. */
export function planOf(said: Said): Plan | string {
  const url = URL.parse((said.public ?? '').trim());
  if (url === null || url.pathname !== '/' || `${url.search}${url.hash}${url.username}` !== '')
    return 'the address is one like https://field.example.org, with nothing behind the name';
  const host = url.hostname.replace(/^\[|\]$/g, '');
  if (isIP(host) !== 0)
    return `${host} is a bare address: browsers make passkeys for names only, so nobody could sign in. Have a name point to it`;
  if (url.protocol !== 'https:')
    return 'the address begins with https: browsers give camera, cable, Bluetooth and offline work to nothing else';
  if (!host.includes('.')) return `${host} is a name of this machine only: phones need one that all resolve`;
  const [email, proxies] = [textOf(said.email), textOf(said.proxies)];
  if (email === undefined && proxies === undefined)
    return 'a mail address is needed, which the certificate authority may write to (or the addresses of the proxy that has the certificate)';
  if (email !== undefined && !isAddress(email)) return `${email} is not a mail address`;
  const data = textOf(said.data) ?? DATA;
  if (!isAbsolute(data) || !isPlain(data)) return 'the data folder is an absolute path without spaces';
  const database = textOf(said.database);
  if (database !== undefined && !/^postgres(?:ql)?:$/.test(URL.parse(database)?.protocol ?? ''))
    return 'the database is an address like postgres://user:password@host/database';
  const fault = mailFault(said);
  if (fault !== undefined) return fault;
  return {
    ...{ publicUrl: url.origin, email, proxies, data, database },
    ...{ smtp: textOf(said.smtp), smtpPassword: textOf(said.smtpPassword), from: textOf(said.from) },
  };
}

function mailFault(said: Said): string | undefined {
  const [smtp, password, from] = [textOf(said.smtp), textOf(said.smtpPassword), textOf(said.from)];
  if (smtp === undefined)
    return password === undefined && from === undefined ? undefined : 'the mail server has no address';
  const url = URL.parse(smtp);
  if (url === null || !/^smtps?:$/.test(url.protocol) || url.hostname === '')
    return 'the mail server is an address like smtp://user@mail.example.org:587 or smtps://user@mail.example.org:465';
  if (url.password !== '')
    return 'the address of the mail server has the password in it: say that apart, it is kept in a file of its own';
  if ((url.username === '') !== (password === undefined))
    return 'a user of the mail server goes with a password, and a password with a user';
  if (from === undefined || !isAddress(from)) return 'mails need an address that they come from';
  return undefined;
}

function textOf(text: string | undefined): string | undefined {
  const trimmed = text?.trim();
  return trimmed === '' ? undefined : trimmed;
}

const isAddress = (text: string) => parse(MailAddress, text) !== undefined;
/** Nothing that a unit or an environment file would take for more than a path. */
export const isPlain = (path: string) => /^[A-Za-z0-9_./+@-]+$/.test(path);

/** Ports that it listens on, which must be free. */
export function portsOf({ publicUrl, proxies }: Plan): readonly number[] {
  return proxies === undefined ? [Number(new URL(publicUrl).port || 443), 80] : [4600];
}
