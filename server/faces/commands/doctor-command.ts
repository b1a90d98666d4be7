import { readdirSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { type Config, type Environment, readConfig } from '../../config/config.ts';
import {
  checkClock,
  checkDisk,
  checkDns,
  checkHttp01,
  checkModes,
  checkName,
  checkServer,
  checkVerifiers,
  type Finding,
} from '../../deployment/checks.ts';
import { readEnvironmentFile } from '../../deployment/environment-file.ts';
import { mailer } from '../../outside/notices/mailer.ts';
import type { DeliveryFault } from '../../ports/deliveries.ts';
import { type BareCommand, type CommandCall, EXIT, UsageError } from './command.ts';
import { readText } from './text-files.ts';

const TEXT = { type: 'string' } as const;

export const doctor: BareCommand = {
  usage: 'doctor [--env FILE] [--trust FILE] [--clock URL]',
  about:
    'looks at a running server as a phone would, and at what it stands on: one line each; --env takes the settings that "setup" wrote, --trust a CA in PEM that phones here trust beside, --clock a server that has the right time (otherwise that of the CA)',
  options: { env: TEXT, trust: TEXT, clock: TEXT },
  words: 0,
  bare: true,
  async run({ text, print, config: own, environment }) {
    const file = text('env');
    const [given, secrets] = file === undefined ? [environment, []] : settingsIn(resolve(file));
    let config = own;
    try {
      if (file !== undefined) config = readConfig(given);
    } catch (error) {
      if (!(error instanceof Error) || error.name !== 'ConfigError') throw error;
      printFinding(print, { about: 'settings', state: 'fails', says: error.message });
      return EXIT.no;
    }
    const trustFile = text('trust');
    const trust = trustFile === undefined ? undefined : readText(trustFile);
    const clock = text('clock') ?? acmeDirectory(given);
    if (!/^https?:$/.test(URL.parse(clock)?.protocol ?? ''))
      throw new UsageError('--clock is an address like https://www.example.org');
    let isWell = true;
    for await (const finding of findings({ config, clock, secrets, trust })) {
      printFinding(print, finding);
      if (finding.state === 'fails') isWell = false;
    }
    return isWell ? EXIT.yes : EXIT.no;
  },
};

export function printFinding(print: CommandCall['print'], { about, state, says }: Finding): void {
  print({ ok: 'ok', look: 'look', fails: 'FAILS' }[state], about, says);
}

/** The environment of the service, and the files with secrets in it. Throws UsageError. */
function settingsIn(file: string): readonly [Environment, readonly string[]] {
  const settings = readEnvironmentFile(readText(file));
  if (settings === undefined) throw new UsageError(`${file} is not a file of lines NAME=value`);
  const folder = join(dirname(file), 'credentials');
  return [{ CREDENTIALS_DIRECTORY: folder, ...settings }, [file, folder, ...namesIn(folder)]];
}

function namesIn(folder: string): string[] {
  try {
    return readdirSync(folder).map((name) => join(folder, name));
  } catch {
    return [];
  }
}

interface Examined {
  readonly config: Config;
  /** Address of a server that has the right time. */
  readonly clock: string;
  readonly secrets: readonly string[];
  /** PEM: trusted for this server's certificate beside what this machine trusts. */
  readonly trust: string | undefined;
}

async function* findings({ config, clock, secrets, trust }: Examined): AsyncGenerator<Finding> {
  const { publicUrl, verifierUrl, acme, data } = config;
  yield checkName(publicUrl);
  yield await checkDns(publicUrl);
  yield* await checkServer(publicUrl, trust);
  yield await checkVerifiers(verifierUrl, trust);
  if (acme !== undefined && (acme.challenge ?? 'http-01') === 'http-01')
    yield await checkHttp01(publicUrl, acme.challenge === 'http-01');
  yield demoFinding(config);
  yield await checkClock(clock);
  yield await checkDisk(data);
  yield checkModes(secrets, data);
  yield await mailFinding(config.mail);
}

function demoFinding({ demo }: Config): Finding {
  return demo
    ? {
        about: 'demo',
        state: 'look',
        says: 'demo people sign in without a password: FIELDBIND_DEMO=off ends that',
      }
    : { about: 'demo', state: 'ok', says: 'nobody signs in without a passkey' };
}

const WHY: Partial<Record<DeliveryFault, string>> = {
  not_reached: 'cannot be reached: look at its name, port and firewall',
  timed_out: 'does not answer in time: look at firewall and port',
  not_trusted: 'shows a certificate that is not trusted: FIELDBIND_SMTP_TRUST names its CA',
  not_authorized: 'takes neither user nor password: look at FIELDBIND_SMTP_URL and the password’s file',
};

async function mailFinding(mail: Config['mail']): Promise<Finding> {
  const about = 'mail';
  if (mail === undefined)
    return {
      about,
      state: 'look',
      says: 'no mail is sent: FIELDBIND_SMTP_URL is not set, so links go by hand',
    };
  const result = await mailer(mail).check();
  const where = `${mail.host}:${mail.port}`;
  return result.ok
    ? { about, state: 'ok', says: `${where} takes mail from us` }
    : { about, state: 'fails', says: `${where} ${WHY[result.fault] ?? 'does not take mail from us'}` };
}

/** A server elsewhere that must have the right time anyway: that of the CA. */
export function acmeDirectory({ FIELDBIND_ACME_DIRECTORY: directory }: Environment): string {
  return directory || 'https://acme-v02.api.letsencrypt.org/directory';
}
