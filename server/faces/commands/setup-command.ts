import { randomBytes } from 'node:crypto';
import { existsSync, lstatSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { readProxies } from '../../config/public-address.ts';
import {
  checkClock,
  checkDisk,
  checkDns,
  checkModes,
  checkName,
  checkPorts,
  checkReadable,
  type Finding,
} from '../../deployment/checks.ts';
import { environmentFile } from '../../deployment/environment-file.ts';
import { isPlain, type Plan, planOf, portsOf, type Said } from '../../deployment/plan.ts';
import { commandScript, folderCommands, systemdUnit } from '../../deployment/systemd-unit.ts';
import { type BareCall, type BareCommand, EXIT, UsageError } from './command.ts';
import { acmeDirectory, printFinding } from './doctor-command.ts';
import { readText } from './text-files.ts';

const TEXT = { type: 'string' } as const;
const FOLDER = '/etc/fieldbind';
const PROGRAM = join(import.meta.dirname, '../../..');
/** Shortest passphrase: whoever finds the key files has unlimited time to guess. */
const SHORTEST = 16;

export const setup: BareCommand = {
  usage:
    'setup [--public URL] [--email ADDRESS] [--proxies LIST] [--data FOLDER] [--database-file FILE] [--passphrase-file FILE] [--smtp URL] [--smtp-password-file FILE] [--from ADDRESS] [--folder FOLDER]',
  about:
    'makes a server of this machine: asks, looks at it, and writes settings and a unit for systemd; without --public it asks for what is missing',
  options: {
    ...{ public: TEXT, email: TEXT, proxies: TEXT, data: TEXT, 'database-file': TEXT },
    ...{ 'passphrase-file': TEXT, smtp: TEXT, 'smtp-password-file': TEXT, from: TEXT, folder: TEXT },
  },
  words: 0,
  bare: true,
  async run(call) {
    const { text, print } = call;
    const asks = text('public') === undefined;
    const plan = planOf(await said(call, asks));
    if (typeof plan !== 'string') demandProxies(plan.proxies);
    if (typeof plan === 'string') throw new UsageError(plan);
    const folder = resolve(text('folder') ?? FOLDER);
    if (!isPlain(folder) || !isPlain(PROGRAM)) throw new UsageError('a path of a unit has no spaces in it');
    const given = await passphrase(call, asks);
    const findings = await look(plan, call);
    for (const finding of findings) printFinding(print, finding);
    const written = write(plan, folder, given ?? randomBytes(24).toString('base64url'));
    for (const line of next(plan, written, given === undefined)) print(line);
    for (const line of failing(findings)) print(line);
    return isWell(findings) ? EXIT.yes : EXIT.no;
  },
};

/** What the options say, and where `asks` what the person answers. */
async function said({ text, ask }: BareCall, asks: boolean): Promise<Said> {
  const of = async (name: string, question: string): Promise<string | undefined> =>
    text(name) ?? (asks ? await ask(question) : undefined);
  const secret = async (name: string, question: string): Promise<string | undefined> => {
    const file = text(`${name}-file`);
    return file === undefined ? (asks ? await ask(question, true) : undefined) : oneLine(file);
  };
  const address = await of('public', 'Address of this server, as https://field.example.org:');
  const early = planOf({ public: address, email: 'somebody@example.org' });
  // Before anything else is asked: a wrong address is the commonest fault.
  if (typeof early === 'string') throw new UsageError(early);
  const proxies = text('proxies');
  const email =
    proxies === undefined
      ? await of('email', 'Your mail address, for the certificate authority:')
      : undefined;
  const data = await of('data', 'Data folder (empty: /var/lib/fieldbind):');
  const database = await secret(
    'database',
    'PostgreSQL, as postgres://user:password@host/database (empty: a file in the data folder):',
  );
  const smtp = await of('smtp', 'Mail server, as smtp://user@mail.example.org:587 (empty: no mail is sent):');
  const hasMail = smtp !== undefined && smtp.trim() !== '';
  const hasUser = hasMail && (URL.parse(smtp.trim())?.username ?? '') !== '';
  const smtpPassword = hasUser ? await secret('smtp-password', 'Password there:') : undefined;
  const from = hasMail ? await of('from', 'Mails come from the address:') : undefined;
  return { public: address, email, proxies, data, database, smtp, smtpPassword, from };
}

/** Undefined: one is made. Throws UsageError. */
async function passphrase({ text, ask }: BareCall, asks: boolean): Promise<string | undefined> {
  const file = text('passphrase-file');
  const typed =
    file !== undefined
      ? oneLine(file)
      : asks
        ? await ask('Passphrase that encrypts the keys (empty: one is made):', true)
        : undefined;
  if (typed === undefined || (typed === '' && file === undefined)) return undefined;
  if (typed.length < SHORTEST) throw new UsageError(`the passphrase is shorter than ${SHORTEST} characters`);
  if (file === undefined && (await ask('Once more:', true)) !== typed)
    throw new UsageError('that was another passphrase');
  return typed;
}

function oneLine(file: string): string {
  return readText(file).replace(/\r?\n$/, '');
}

async function look(plan: Plan, { environment }: BareCall) {
  return [
    checkName(plan.publicUrl),
    await checkDns(plan.publicUrl),
    await checkPorts(portsOf(plan)),
    await checkClock(acmeDirectory(environment)),
    await checkDisk(plan.data),
    ...(existsSync(plan.data) ? [checkModes([], plan.data)] : []),
    checkReadable([process.execPath, join(PROGRAM, 'server/main.ts')]),
  ];
}

export function isWell(findings: readonly Finding[]): boolean {
  return findings.every(({ state }) => state !== 'fails');
}

/** The last lines, since what was found is far above by then: what failed, and that the files are there all the same. */
export function failing(findings: readonly Finding[]): string[] {
  if (isWell(findings)) return [];
  const bad = findings.filter(({ state }) => state === 'fails');
  return [
    '',
    'Before the server is started, mend what failed (the files above were written all the same):',
    ...bad.map(({ about, says }) => `  ${about}: ${says}`),
  ];
}

interface Written {
  readonly folder: string;
  readonly environment: string;
  readonly unit: string;
  readonly command: string;
  readonly passphrase: string;
}

/** Writes all files, or none where one is there already. Throws UsageError. */
function write(plan: Plan, folder: string, secret: string): Written {
  const at = (name: string) => join(folder, name);
  const credentials = {
    'fieldbind-ca-passphrase': at('credentials/fieldbind-ca-passphrase'),
    ...(plan.smtpPassword === undefined
      ? {}
      : { 'fieldbind-smtp-password': at('credentials/fieldbind-smtp-password') }),
  };
  const places = {
    ...{ node: process.execPath, program: PROGRAM.replace(/\/$/, '') },
    ...{ environmentFile: at('fieldbind.env'), credentials },
  };
  const files: readonly (readonly [path: string, content: string, mode: number])[] = [
    [places.environmentFile, environmentFile(plan), 0o600],
    [credentials['fieldbind-ca-passphrase'], `${secret}\n`, 0o600],
    ...(plan.smtpPassword === undefined
      ? []
      : [[at('credentials/fieldbind-smtp-password'), `${plan.smtpPassword}\n`, 0o600] as const]),
    [at('fieldbind.service'), systemdUnit(plan, places), 0o644],
    [at('fieldbind'), commandScript(plan, places), 0o755],
  ];
  const there = files.map(([path]) => path).filter((path) => lstatSync(path, { throwIfNoEntry: false }));
  if (there.length > 0)
    throw new UsageError(
      `there already: ${there.join(', ')}. Nothing was written: move them away, or name another --folder`,
    );
  demandOwnFolder(folder);
  demandOwnFolder(at('credentials'));
  const written: string[] = [];
  try {
    mkdirSync(at('credentials'), { recursive: true, mode: 0o700 });
    for (const [path, content, mode] of files) {
      writeFileSync(path, content, { flag: 'wx', mode, flush: true });
      written.push(path);
    }
  } catch {
    for (const path of written) rmSync(path, { force: true });
    throw new UsageError(`${folder} cannot be written to: run this as root, or name another --folder`);
  }
  return {
    ...{ folder, environment: places.environmentFile, unit: at('fieldbind.service') },
    ...{ command: at('fieldbind'), passphrase: credentials['fieldbind-ca-passphrase'] },
  };
}

/** Throws UsageError where the server would read no proxies of it. */
function demandProxies(proxies: string | undefined): void {
  try {
    readProxies(proxies);
  } catch (error) {
    throw new UsageError(error instanceof Error ? error.message : 'the proxies are no addresses');
  }
}

/** Whoever else may write into it could put another unit there, which root then runs. Throws UsageError. */
function demandOwnFolder(folder: string): void {
  const found = lstatSync(folder, { throwIfNoEntry: false });
  if (found === undefined) return;
  const isOwn = found.isDirectory() && found.uid === process.getuid?.() && (found.mode & 0o022) === 0;
  if (!isOwn)
    throw new UsageError(
      `${folder} is no folder of yours alone: take the right to write from others (chmod go-w), name no link, or name another --folder`,
    );
}

function next(
  plan: Plan,
  { folder, environment, unit, command, passphrase: file }: Written,
  isMade: boolean,
) {
  const { hostname } = new URL(plan.publicUrl);
  return [
    '',
    `Written to ${folder}: settings, secrets (only root reads them), a unit and a command.`,
    `The name ${hostname} is for ever: passkeys are bound to it, and under another name nobody could sign in.`,
    `${isMade ? 'A passphrase was made. ' : ''}Without ${file} the keys are lost: keep a copy of it apart from this machine.`,
    'Next, as root:',
    ...folderCommands(plan).map((line) => `  ${line}`),
    `  systemctl link ${unit} && systemctl enable --now fieldbind`,
    '  journalctl -u fieldbind    (it prints a link, good once, for the first administrator)',
    `  npm run fieldbind -- doctor --env ${environment}`,
    `Administration commands, as the service: ${command} help`,
  ];
}
