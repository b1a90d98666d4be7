import { spawn } from 'node:child_process';
import { once } from 'node:events';
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PassThrough } from 'node:stream';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { runCommandLine } from '../../server/command-line.ts';
import { readConfig } from '../../server/config/config.ts';
import { readEnvironmentFile } from '../../server/deployment/environment-file.ts';
import { type Plan, planOf } from '../../server/deployment/plan.ts';
import { failing, isWell } from '../../server/faces/commands/setup-command.ts';
import { CLI } from '../support/command-process.ts';

let folder: string;
let out: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'fieldbind-setup-'));
  out = join(folder, 'etc');
});
afterEach(() => rmSync(folder, { recursive: true }));

const PUBLIC = ['--public', 'https://field.example.org', '--email', 'ops@example.org'];
/** Nobody elsewhere is asked for the time. */
const ENV = {
  ...{ FIELDBIND_PUBLIC_URL: 'https://field.example.org', FIELDBIND_ACME: 'ops@example.org' },
  FIELDBIND_ACME_DIRECTORY: 'https://127.0.0.1:1/directory',
};

/** The command with options, and with what is typed where it asks. */
async function setUp(words: readonly string[], typed?: string) {
  const printed: string[] = [];
  const input = new PassThrough();
  const questions = new PassThrough();
  if (typed !== undefined) input.end(typed);
  const code = await runCommandLine(['setup', '--folder', out, ...words], {
    env: ENV,
    print: (line) => printed.push(line),
    complain: (line) => printed.push(line),
    ...(typed === undefined ? {} : { input, questions }),
  });
  return { code, said: printed.join('\n'), asked: String(questions.read() ?? '') };
}

const read = (name: string) => readFileSync(join(out, name), 'utf8');
const modeOf = (name: string) => (statSync(join(out, name)).mode & 0o777).toString(8);
const file = (name: string, content: string) => {
  writeFileSync(join(folder, name), content);
  return join(folder, name);
};

describe('setup', () => {
  it('puts secrets into no folder that others may write to, and follows no link', async () => {
    mkdirSync(out);
    chmodSync(out, 0o777);
    const open = await setUp(PUBLIC);
    chmodSync(out, 0o755);
    const elsewhere = mkdtempSync(join(folder, 'elsewhere-'));
    symlinkSync(elsewhere, join(out, 'credentials'));
    const linked = await setUp(PUBLIC);
    for (const { code, said } of [open, linked])
      expect([code, said]).toEqual([2, expect.stringContaining('is no folder of yours alone')]);
    expect([readdirSync(out), readdirSync(elsewhere)]).toEqual([['credentials'], []]);
  });

  it('takes a link that leads nowhere as a file that is there, and writes nothing', async () => {
    mkdirSync(out);
    symlinkSync(join(folder, 'nowhere'), join(out, 'fieldbind.service'));
    const { code, said } = await setUp(PUBLIC);
    expect([code, said]).toEqual([2, expect.stringContaining('there already')]);
    expect(readdirSync(out)).toEqual(['fieldbind.service']);
  });

  it('takes no proxies that the server would not read', async () => {
    const { code, said } = await setUp([...PUBLIC, '--proxies', 'not a proxy']);
    expect([code, said]).toEqual([2, expect.stringContaining('FIELDBIND_TRUSTED_PROXIES')]);
    expect(existsSync(out)).toBe(false);
  });

  it('writes by options what the server reads, and secrets into files of their own', async () => {
    const database = 'postgres://field:s$cret"1@db.example.org/field?sslmode=verify-full';
    const { code, said } = await setUp([
      ...PUBLIC,
      ...['--database-file', file('database', `${database}\n`)],
      ...['--passphrase-file', file('passphrase', 'correct horse battery staple\n')],
      ...['--smtp', 'smtp://mailer@mail.example.org', '--from', 'field@example.org'],
      ...['--smtp-password-file', file('smtp', 'mail secret')],
    ]);
    expect(said).toContain('The name field.example.org is for ever');
    // Nobody has that name: what failed is said last, and by the exit code.
    expect([code, said]).toEqual([
      1,
      expect.stringMatching(
        /written all the same\):\n(?: {2}.*\n)*? {2}dns: field.example.org does not resolve/,
      ),
    ]);
    for (const secret of ['s$cret', 'correct horse', 'mail secret']) expect(said).not.toContain(secret);
    const settings = readEnvironmentFile(read('fieldbind.env')) ?? {};
    expect(settings).toEqual({
      ...{ NODE_ENV: 'production', FIELDBIND_PUBLIC_URL: 'https://field.example.org' },
      ...{ FIELDBIND_ACME: 'ops@example.org', FIELDBIND_DEMO: 'off', FIELDBIND_DATA: '/var/lib/fieldbind' },
      ...{ FIELDBIND_DATABASE_URL: database, FIELDBIND_SMTP_URL: 'smtp://mailer@mail.example.org' },
      FIELDBIND_MAIL_FROM: 'field@example.org',
    });
    expect(readConfig({ ...settings, CREDENTIALS_DIRECTORY: join(out, 'credentials') })).toMatchObject({
      ...{ publicUrl: 'https://field.example.org', demo: false, databaseUrl: database },
      caPassphrase: 'correct horse battery staple',
      mail: { user: 'mailer', password: 'mail secret', security: 'starttls', port: 587 },
    });
    expect(['fieldbind.env', 'credentials', 'fieldbind.service', 'fieldbind'].map(modeOf)).toEqual([
      ...['600', '700', '644', '755'],
    ]);
    for (const name of readdirSync(join(out, 'credentials')))
      expect([name, modeOf(`credentials/${name}`)]).toEqual([name, '600']);
  });

  it('is read by a shell as by systemd', async () => {
    const password = 'a"b$(id)`id`\\';
    await setUp([
      ...PUBLIC,
      '--database-file',
      file('d', `postgres://u:${encodeURIComponent(password)}&x@h/d?a='b'`),
    ]);
    const script = `set -a; . ${join(out, 'fieldbind.env')}; printf %s "$FIELDBIND_DATABASE_URL"`;
    const shell = spawn('sh', ['-c', script], { stdio: ['ignore', 'pipe', 'inherit'] });
    const [chunk] = (await once(shell.stdout, 'data')) as [Buffer];
    expect(chunk.toString()).toBe(readEnvironmentFile(read('fieldbind.env'))?.FIELDBIND_DATABASE_URL);
  });

  it('makes a passphrase where none is said, and tells where it is', async () => {
    const { code, said } = await setUp(PUBLIC);
    const secret = read('credentials/fieldbind-ca-passphrase').trim();
    expect([code, secret.length]).toEqual([1, 32]);
    expect(said).toContain(join(out, 'credentials/fieldbind-ca-passphrase'));
    expect(said).not.toContain(secret);
  });

  it('asks for what is missing, of whoever sits there', async () => {
    const typed = [
      ...[
        'https://field.example.org/',
        'ops@example.org',
        '/srv/fieldbind',
        '',
        'smtps://m@mail.example.org',
      ],
      ...['mail secret', 'field@example.org', 'correct horse battery', 'correct horse battery', ''],
    ];
    const { code, said, asked } = await setUp([], typed.join('\n'));
    expect([code, asked]).toEqual([1, expect.stringMatching(/^Address .*mail address.*Data.*Once more: $/s)]);
    expect(readEnvironmentFile(read('fieldbind.env'))).toMatchObject({
      ...{ FIELDBIND_DATA: '/srv/fieldbind', FIELDBIND_SMTP_URL: 'smtps://m@mail.example.org' },
    });
    expect(read('credentials/fieldbind-ca-passphrase')).toBe('correct horse battery\n');
    // Elsewhere than where systemd makes folders, the user and the folder have to be there before.
    expect(said).toContain('install -d -m 700 -o fieldbind -g fieldbind /srv/fieldbind');
    expect(read('fieldbind.service')).toContain('ReadWritePaths=/srv/fieldbind');
  });

  it('shows no secret on a terminal', async () => {
    const words = [process.execPath, CLI, 'setup', '--folder', out].join(' ');
    const terminal = spawn('script', ['-qec', words, '/dev/null'], { env: { ...process.env, ...ENV } });
    let shown = '';
    let told = 0;
    const answers: readonly (readonly [question: string, answer: string])[] = [
      ['Address of this server', 'https://field.example.org'],
      ['Your mail address', 'ops@example.org'],
      ['Data folder', ''],
      ['PostgreSQL', 'postgres://u:hidden1@h/d'],
      ['Mail server', ''],
      ['Passphrase', 'hidden2 hidden2 hidden2'],
      ['Once more', 'hidden2 hidden2 hidden2'],
    ];
    terminal.stdout.on('data', (chunk: Buffer) => {
      shown += chunk.toString();
      const [question, answer] = answers[told] ?? [];
      if (question === undefined || !shown.includes(question)) return;
      told++;
      terminal.stdin.write(`${answer}\n`);
    });
    const [code] = (await once(terminal, 'exit')) as [number];
    expect([code, told]).toEqual([1, answers.length]);
    expect(shown).toContain('ops@example.org');
    expect(shown).not.toContain('hidden');
    expect(read('credentials/fieldbind-ca-passphrase')).toBe('hidden2 hidden2 hidden2\n');
  });

  it('stops where nobody answers, and where the passphrases differ or are too short', async () => {
    const first = 'https://field.example.org\nops@example.org\n\n\n\n';
    for (const [typed, sentence] of [
      ['', 'the address is one like https://field.example.org'],
      ['http://field.example.org\n', 'begins with https'],
      [`${first}one passphrase of mine\nanother one\n`, 'that was another passphrase'],
      [`${first}short\nshort\n`, 'shorter than 16 characters'],
    ] as const) {
      const { code, said } = await setUp([], typed);
      expect([typed, code, said]).toEqual([typed, 2, expect.stringContaining(sentence)]);
      expect(existsSync(out)).toBe(false);
    }
  });

  it.each([
    ['192.0.2.7', 'bare address'],
    ['[2001:db8::7]', 'bare address'],
    ['3221225991', 'bare address'],
    ['field', 'this machine only'],
    ['field.example.org/app', 'nothing behind the name'],
    ['user@field.example.org', 'nothing behind the name'],
  ])('refuses https://%s', async (host, sentence) => {
    const { code, said } = await setUp(['--public', `https://${host}`, '--email', 'ops@example.org']);
    expect([code, said]).toEqual([2, expect.stringContaining(sentence)]);
    expect(existsSync(out)).toBe(false);
  });

  it('writes over nothing, and nothing at all where one file is there', async () => {
    expect((await setUp(PUBLIC)).code).toBe(1);
    const before = read('credentials/fieldbind-ca-passphrase');
    rmSync(join(out, 'fieldbind.service'));
    const { code, said } = await setUp(PUBLIC);
    expect([code, said]).toEqual([2, expect.stringContaining('there already')]);
    expect(read('credentials/fieldbind-ca-passphrase')).toBe(before);
    expect(existsSync(join(out, 'fieldbind.service'))).toBe(false);
  });

  it('leaves the certificate to a proxy that has one', async () => {
    await setUp(['--public', 'https://field.example.org', '--proxies', '127.0.0.1']);
    expect(readEnvironmentFile(read('fieldbind.env'))).toMatchObject({
      FIELDBIND_TRUSTED_PROXIES: '127.0.0.1',
    });
    expect(read('fieldbind.env')).not.toContain('FIELDBIND_ACME');
    // It listens on no port below 1024 then.
    expect(read('fieldbind.service')).toContain('AmbientCapabilities=\n');
  });
});

describe('what failed', () => {
  it('is said last, and nothing where nothing did', () => {
    const fine = [
      { about: 'name', state: 'ok', says: 'a' },
      { about: 'dns', state: 'look', says: 'b' },
    ] as const;
    expect([isWell(fine), failing(fine)]).toEqual([true, []]);
    const bad = [...fine, { about: 'ports', state: 'fails', says: '443 is in use' }] as const;
    expect([isWell(bad), failing(bad).at(-1)]).toEqual([false, '  ports: 443 is in use']);
  });
});

describe('a plan', () => {
  const good = { public: 'https://field.example.org', email: 'ops@example.org' };
  it.each([
    [{ email: 'ops' }, 'not a mail address'],
    [{ email: 'a@b.c\nX=1' }, 'not a mail address'],
    [{ email: '' }, 'a mail address is needed'],
    [{ data: 'data' }, 'absolute path'],
    [{ data: '/srv/a b' }, 'absolute path'],
    [{ data: '/srv/a\nUser=root' }, 'absolute path'],
    [{ database: 'mysql://h/d' }, 'postgres://'],
    [{ smtp: 'mail.example.org', from: 'a@b.c' }, 'smtp://'],
    [{ smtp: 'smtp://u:p@mail.example.org', from: 'a@b.c' }, 'has the password in it'],
    [{ smtp: 'smtp://u@mail.example.org', from: 'a@b.c' }, 'goes with a password'],
    [{ smtp: 'smtp://mail.example.org' }, 'come from'],
  ])('refuses %o', (more, sentence) => {
    expect(planOf({ ...good, ...more })).toEqual(expect.stringContaining(sentence));
  });

  it('takes what fits', () => {
    expect(planOf(good)).toMatchObject({ data: '/var/lib/fieldbind' } satisfies Partial<Plan>);
  });
});
