import {
  chmodSync,
  chownSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { freePort } from './free-port.ts';
import { run } from './openssl.ts';
import { type OwnProgram, startProgram } from './own-program.ts';
import { PATIENCE } from './patience.ts';
import { serverCertificate } from './server-certificate.ts';

/** Debian's own user of it, which it becomes; as root it delivers to nobody. */
const USER = 'Debian-exim';

/** A mail as it lies in the box: what the mail server made of it. */
export interface Mailed {
  /** Each header's lines, by its name in lower case; a header that came twice has two. */
  readonly headers: Readonly<Record<string, readonly string[]>>;
  /** The text, its transfer coding undone. */
  readonly text: string;
  readonly raw: string;
}

export interface MailBox {
  readonly port: number;
  /** PEM file: what trusts the server's certificate. */
  readonly trustFile: string;
  readonly user: string;
  readonly password: string;
  /** Mails that came, the oldest first. */
  mails(): Mailed[];
  /** Once so many have come in all. */
  reached(count: number): Promise<Mailed[]>;
  stop(): Promise<void>;
  start(): Promise<void>;
  close(): Promise<void>;
}

export interface EximOptions {
  /** What its certificate is for. */
  readonly names?: string;
  readonly startTls?: boolean;
}

/**
 * Debian's exim as a company's submission server: it offers STARTTLS, and a password only then; it relays for whoever has that; it
 * takes nothing for `refused.example`. All mail ends in one box.
 */
export async function startExim({ names, startTls = true }: EximOptions = {}): Promise<MailBox> {
  const folder = mkdtempSync(join(tmpdir(), 'fieldbind-mail-'));
  const at = (name: string) => join(folder, name);
  await serverCertificate(folder, names);
  const port = await freePort();
  const [user, password] = ['fieldbind', 'a pass:word %1'];
  writeFileSync(at('exim.conf'), configuration(folder, port, user, password, startTls));
  for (const name of ['spool', 'log', 'box']) mkdirSync(at(name));
  const owner = await ownerIds();
  for (const name of ['spool', 'log', 'box', 'server.key', 'server.pem', '.'])
    chownSync(at(name), owner.uid, owner.gid);
  chmodSync(folder, 0o755);
  let daemon = await launch(at('exim.conf'), port);
  const box = join(at('box'), 'new');
  // In the order in which they were seen: names of files do not tell it, and times of one moment neither.
  const seen: string[] = [];
  const mails = () => {
    const there = existsSync(box) ? readdirSync(box).sort() : [];
    seen.push(...there.filter((name) => !seen.includes(name)));
    return seen.map((name) => read(readFileSync(join(box, name), 'utf8')));
  };
  return {
    ...{ port, user, password, trustFile: at('server-ca.pem'), mails },
    async reached(count) {
      for (let tries = 0; tries < PATIENCE / 50 && mails().length < count; tries++) await sleep(50);
      return mails();
    },
    stop: () => daemon.stop(),
    async start() {
      daemon = await launch(at('exim.conf'), port);
    },
    async close() {
      await daemon.stop();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

function configuration(
  folder: string,
  port: number,
  user: string,
  password: string,
  startTls: boolean,
): string {
  return [
    'primary_hostname = mail.test',
    `local_interfaces = 127.0.0.1`,
    `daemon_smtp_ports = ${port}`,
    `spool_directory = ${folder}/spool`,
    `log_file_path = ${folder}/log/%slog`,
    `pid_file_path = ${folder}/exim.pid`,
    `tls_advertise_hosts = ${startTls ? '*' : ''}`,
    `tls_certificate = ${folder}/server.pem`,
    `tls_privatekey = ${folder}/server.key`,
    'acl_smtp_rcpt = rcpt',
    'acl_smtp_data = data',
    'keep_environment =',
    'host_lookup =',
    'rfc1413_hosts =',
    'begin acl',
    'rcpt:',
    '  deny domains = refused.example',
    '       message = there is nobody of this name',
    '  accept authenticated = *',
    '  deny message = relay not permitted',
    'data:',
    '  accept',
    'begin routers',
    'all:',
    '  driver = accept',
    '  transport = box',
    'begin transports',
    'box:',
    '  driver = appendfile',
    `  directory = ${folder}/box`,
    '  maildir_format',
    '  envelope_to_add',
    '  return_path_add',
    `  user = ${USER}`,
    'begin authenticators',
    'plain:',
    '  driver = plaintext',
    '  public_name = PLAIN',
    '  server_prompts = :',
    `  server_condition = \${if and{{eq{$auth2}{${user}}}{eq{$auth3}{${password}}}}}`,
    `  server_advertise_condition = \${if def:tls_in_cipher}`,
    '',
  ].join('\n');
}

async function ownerIds(): Promise<{ uid: number; gid: number }> {
  const id = async (flag: string) => Number((await run('id', [flag, USER])).out);
  return { uid: await id('-u'), gid: await id('-g') };
}

const launch = (config: string, port: number): Promise<OwnProgram> =>
  startProgram('exim4', ['-C', config, '-bdf'], { debian: 'exim4-daemon-light', ports: [port] });

/** Reads a mail of one part (RFC 5322, RFC 2045). */
function read(raw: string): Mailed {
  const end = raw.indexOf('\n\n');
  const headers: Record<string, string[]> = {};
  for (const line of raw
    .slice(0, end)
    .replace(/\n[ \t]+/g, ' ')
    .split('\n')) {
    const [, name = '', value = ''] = /^([^:]+):\s*(.*)$/.exec(line) ?? [];
    headers[name.toLowerCase()] = [...(headers[name.toLowerCase()] ?? []), value];
  }
  const body = raw.slice(end + 2);
  const coding = headers['content-transfer-encoding']?.[0];
  const text =
    coding === 'quoted-printable'
      ? Buffer.from(
          body
            .replace(/=\n/g, '')
            .replace(/=([0-9A-F]{2})/g, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16))),
          'latin1',
        ).toString('utf8')
      : coding === 'base64'
        ? Buffer.from(body, 'base64').toString('utf8')
        : body;
  return { headers, text, raw };
}
