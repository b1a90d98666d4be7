import { copyFileSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import BetterSqlite from 'better-sqlite3';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { keyFiles } from '../../server/authority/keys/key-files.ts';
import { ConfigError, readConfig } from '../../server/config/config.ts';
import { type Installation, openInstallation } from '../../server/installation.ts';
import { createDomain } from '../../server/organisations/create-domain.ts';
import { createOrg } from '../../server/organisations/create-org.ts';
import { verifyAudit } from '../../server/trail/verify-trail.ts';

let data: string;
let installation: Installation;
let records: Record<string, string[]>;
const open = (caPassphrase?: string) =>
  openInstallation({
    data,
    publicUrl: 'http://localhost',
    suffix: 'fieldbind.internal',
    caPassphrase,
    resolver: { txt: async (name) => records[name] ?? [] },
  });

beforeEach(async () => {
  data = mkdtempSync(join(tmpdir(), 'fieldbind-custody-'));
  records = {};
  installation = await open();
  for (const name of ['one', 'two']) await createOrg({ name, title: name, training: false }, installation);
});
afterEach(async () => {
  await installation.close();
  rmSync(data, { recursive: true, force: true });
});

const make = (name: string, org: string) => createDomain({ name, org, title: name }, installation);

describe('domains', () => {
  it('are made under our own suffix without a proof', async () => {
    expect(await make('a.fieldbind.internal', 'one')).toMatchObject({ ok: true, created: true });
    expect(await make('a.fieldbind.internal', 'one')).toMatchObject({ ok: true, created: false });
    expect(await make('b.a.fieldbind.internal', 'one')).toMatchObject({ ok: true });
  });

  it('belong to one organisation with everything above and below', async () => {
    await make('b.a.fieldbind.internal', 'one');
    for (const name of ['b.a.fieldbind.internal', 'c.b.a.fieldbind.internal', 'a.fieldbind.internal'])
      expect(await make(name, 'two')).toEqual({ ok: false, code: 'domain_taken' });
    expect(await make('ab.fieldbind.internal', 'two')).toMatchObject({ ok: true });
  });

  it.each([
    ['fieldbind.internal', 'suffix_itself'],
    ['d.fieldbind.internal', 'name_reserved_label'],
    ['x.d.fieldbind.internal', 'name_reserved_label'],
    ['*.fieldbind.internal', 'name_wildcard'],
    ['A.fieldbind.internal', 'name_characters'],
    ['a.fieldbind.internal.', 'name_trailing_dot'],
    [`${'a'.repeat(60)}.fieldbind.internal`, 'name_too_long'],
  ])('are refused as %s: %s', async (name, code) => {
    expect(await make(name, 'one')).toEqual({ ok: false, code });
  });

  it('elsewhere need a TXT record, made for this organisation and name', async () => {
    const asked = await make('acme.example', 'one');
    if (asked.ok || asked.code !== 'proof_missing') throw new Error('a proof was expected');
    expect(asked.at).toBe('_fieldbind.acme.example');
    records[asked.at] = ['something else', asked.text];
    expect(await make('acme.example', 'two')).toMatchObject({ code: 'proof_missing' });
    expect(await make('acme.example', 'one')).toMatchObject({ ok: true });
    records['_fieldbind.other.example'] = [asked.text];
    expect(await make('other.example', 'one')).toMatchObject({ code: 'proof_missing' });
  });
});

describe('organisations', () => {
  it('cannot take a root’s name, nor change between training and real', async () => {
    for (const name of ['root', 'training-root', 'X', ''])
      expect(await createOrg({ name, title: 'x', training: false }, installation)).toBe('name_not_allowed');
    expect(await createOrg({ name: 'one', title: 'x', training: true }, installation)).toBe(
      'name_not_allowed',
    );
    expect(await createOrg({ name: 'one', title: 'x', training: false }, installation)).toBe('there');
  });
});

describe('keys', () => {
  const files = () => readdirSync(join(data, 'keys')).map((name) => join(data, 'keys', name));

  it('are files for nobody else, one each for root, issuing CAs and statements', () => {
    expect(files().map((path) => statSync(path).mode & 0o777)).toEqual([0o600, 0o600, 0o600, 0o600]);
    expect(statSync(join(data, 'keys')).mode & 0o777).toBe(0o700);
  });

  it('are encrypted where a passphrase is set, and say plainly that it is missing or wrong', async () => {
    await installation.close();
    rmSync(data, { recursive: true });
    installation = await open('correct horse');
    await createOrg({ name: 'one', title: 'one', training: false }, installation);
    for (const path of files()) expect(readFileSync(path, 'utf8')).toContain('BEGIN ENCRYPTED PRIVATE KEY');
    await installation.close();
    await expect(open()).rejects.toThrow('FIELDBIND_CA_PASSPHRASE missing');
    await expect(open('wrong')).rejects.toThrow('cannot be opened with FIELDBIND_CA_PASSPHRASE');
    installation = await open('correct horse');
    expect(await installation.ca.issuer('one')).toBeDefined();
  });

  it('that are not encrypted are named, and nothing starts with a passphrase over them', async () => {
    await installation.close();
    await expect(open('correct horse')).rejects.toThrow(/not encrypted.*one\.key\.pem/);
    await expect(open('correct horse')).rejects.toThrow('docs/operations.md');
    installation = await open();
    const vault = keyFiles(join(data, 'later'), 'correct horse');
    copyFileSync(join(data, 'keys/root.key.pem'), join(data, 'later/root.key.pem'));
    await expect(vault.open('root')).rejects.toThrow('not encrypted');
  });

  it('of a root sign nothing for devices', async () => {
    expect(await installation.ca.issuer('root')).toBeUndefined();
    expect(await installation.ca.issuer('nobody')).toBeUndefined();
  });
});

describe('audit trail', () => {
  it('shows what was changed, taken out or put in', async () => {
    expect(await verifyAudit(installation)).toMatchObject({ ok: true, entries: 3, writers: 1, seals: 0 });
    const raw = new BetterSqlite(join(data, 'fieldbind.sqlite'));
    const at = (n: number) => expect.stringMatching(new RegExp(`^entry ${n} of chain`));
    raw.exec("update audit set subject = 'x' where n = 2");
    expect(await verifyAudit(installation)).toMatchObject({ ok: false, where: at(2), why: 'it was changed' });
    raw.exec('delete from audit where n = 2');
    expect(await verifyAudit(installation)).toMatchObject({
      ok: false,
      where: at(2),
      why: 'an entry is missing',
    });
    raw.exec('delete from audit where n = 3');
    // Cut off at the end where nothing was sealed yet, it still hangs together.
    expect(await verifyAudit(installation)).toMatchObject({ ok: true, entries: 1 });
    raw.close();
  });
});

const MAIL = { FIELDBIND_SMTP_URL: 'smtp://mail.example', FIELDBIND_MAIL_FROM: 'field@b.example' };
const ESTCA = { FIELDBIND_EST_CA_CHAIN: 'c', FIELDBIND_EST_CA_CERT: 'c', FIELDBIND_EST_CA_KEY: 'k' };

describe('configuration', () => {
  it('has defaults for a first start', () => {
    expect(readConfig({})).toMatchObject({
      port: 4600,
      host: '127.0.0.1',
      publicUrl: 'http://localhost:4600',
      suffix: 'fieldbind.internal',
    });
  });

  it.each([
    [{ PORT: '70000' }, 'PORT'],
    [{ PORT: 'x' }, 'PORT'],
    [{ FIELDBIND_HOST: '0.0.0.0' }, '127.0.0.1 only'],
    [{ FIELDBIND_PUBLIC_URL: 'ftp://x' }, 'FIELDBIND_PUBLIC_URL'],
    [{ FIELDBIND_SUFFIX: 'd.example' }, 'FIELDBIND_SUFFIX'],
    [{ FIELDBIND_TLS_CERT: 'x' }, 'FIELDBIND_TLS_KEY'],
    [{ FIELDBIND_EST_PORT: '4601' }, 'FIELDBIND_EST_CERT'],
    [{ FIELDBIND_EST_PORT: 'x', FIELDBIND_EST_CERT: 'c', FIELDBIND_EST_KEY: 'k' }, 'FIELDBIND_EST_PORT'],
    [{ FIELDBIND_EST_CA_URL: 'https://ca.example/.well-known/est' }, 'FIELDBIND_EST_CA_CHAIN'],
    [{ FIELDBIND_EST_CA_TRUST: 'x' }, 'FIELDBIND_EST_CA_URL'],
    [{ ...ESTCA, FIELDBIND_EST_CA_URL: 'http://ca.example/' }, 'FIELDBIND_EST_CA_URL'],
    [{ ...ESTCA, FIELDBIND_EST_CA_URL: 'https://me:secret@ca.example/' }, 'FIELDBIND_EST_CA_URL'],
    [{ ...ESTCA, FIELDBIND_EST_CA_URL: 'https://{domain}/est' }, 'FIELDBIND_EST_CA_URL'],
    [{ ...ESTCA, FIELDBIND_EST_CA_URL: 'https://ca.example/{udid}' }, 'FIELDBIND_EST_CA_URL'],
    [{ FIELDBIND_DATABASE_URL: 'mysql://u:secret@h/d' }, 'FIELDBIND_DATABASE_URL'],
    [{ ...MAIL, FIELDBIND_SMTP_URL: 'http://mail.example' }, 'FIELDBIND_SMTP_URL'],
    [{ ...MAIL, FIELDBIND_SMTP_URL: 'smtp://u:secret@mail.example' }, 'FIELDBIND_SMTP_PASSWORD_FILE'],
    [{ ...MAIL, FIELDBIND_SMTP_URL: 'smtp://mail.example/x' }, 'FIELDBIND_SMTP_URL'],
    [{ ...MAIL, FIELDBIND_SMTP_URL: 'smtp://%ZZ@mail.example' }, 'FIELDBIND_SMTP_URL has a user'],
    [{ ...MAIL, FIELDBIND_MAIL_FROM: 'a@b\r\nBcc: c@d' }, 'FIELDBIND_MAIL_FROM'],
    [{ ...MAIL, FIELDBIND_MAIL_FROM: '' }, 'FIELDBIND_MAIL_FROM'],
    [{ ...MAIL, FIELDBIND_SMTP_PASSWORD: 'secret' }, 'FIELDBIND_SMTP_URL names a user'],
    [{ ...MAIL, FIELDBIND_SMTP_URL: 'smtp://u@mail.example' }, 'FIELDBIND_SMTP_URL names a user'],
    [{ FIELDBIND_MAIL_FROM: 'a@b.example' }, 'FIELDBIND_SMTP_URL'],
    [{ FIELDBIND_PUSH_HOSTS: 'https://push.example' }, 'FIELDBIND_PUSH_HOSTS'],
  ])('refuses %j in words', (environment, words) => {
    expect(() => readConfig(environment)).toThrow(ConfigError);
    expect(() => readConfig(environment)).toThrow(words);
    expect(() => readConfig(environment)).not.toThrow('secret');
  });

  it.each([
    ['smtp://mail.example', { port: 587, security: 'starttls' }],
    ['smtps://mail.example', { port: 465, security: 'tls' }],
    ['smtp://mail.example:2525', { port: 2525, security: 'starttls' }],
    // On this machine nobody listens in between.
    ['smtp://localhost', { port: 25, security: 'none' }],
    ['smtps://localhost', { port: 465, security: 'tls' }],
  ])('speaks to %s as it must be spoken to', (url, how) => {
    expect(readConfig({ ...MAIL, FIELDBIND_SMTP_URL: url }).mail).toMatchObject(how);
  });

  it('gives a password away under TLS only, even to this machine', () => {
    const { mail } = readConfig({
      ...{ ...MAIL, FIELDBIND_SMTP_URL: 'smtp://me%40b.example@localhost', FIELDBIND_SMTP_PASSWORD: 'p' },
    });
    expect(mail).toMatchObject({ user: 'me@b.example', security: 'starttls' });
  });

  it('takes a database and a listener for devices', () => {
    const pair = { FIELDBIND_TLS_CERT: 'c', FIELDBIND_TLS_KEY: 'k' };
    const config = readConfig({
      ...pair,
      FIELDBIND_EST_PORT: '4601',
      FIELDBIND_DATABASE_URL: 'postgres://h/d',
    });
    expect(config).toMatchObject({
      databaseUrl: 'postgres://h/d',
      est: { port: 4601, host: '127.0.0.1', certificateFile: 'c', keyFile: 'k' },
    });
    expect(readConfig(pair).est).toBeUndefined();
  });
});
