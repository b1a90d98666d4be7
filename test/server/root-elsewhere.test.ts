import { execFileSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { readConfig } from '../../server/config/config.ts';
import { isForeseen } from '../../server/config/foreseen.ts';
import { caRequest } from '../../server/faces/commands/ca-commands.ts';
import type { Command } from '../../server/faces/commands/command.ts';
import { orgCreate } from '../../server/faces/commands/custody-commands.ts';
import { caExport, caImport } from '../../server/faces/commands/root-commands.ts';
import { openInstallation } from '../../server/installation.ts';
import { databaseOf } from '../support/database.ts';
import { fieldbind, startTestServer } from '../support/server.ts';

const PASSPHRASE = 'a long passphrase of the root';

let folder: string;
let data: string;
const at = (name: string) => join(folder, name);
const rootKey = () => join(data, 'keys/root.key.pem');
beforeEach(async () => {
  process.env.FIELDBIND_ROOT_PASSPHRASE = PASSPHRASE;
  folder = mkdtempSync(join(tmpdir(), 'fieldbind-root-'));
  data = at('data');
  await (await startTestServer({ data })).close();
});
afterEach(() => {
  delete process.env.FIELDBIND_ROOT_PASSPHRASE;
  rmSync(folder, { recursive: true, force: true });
});

/** The administration commands on an installation opened for each, without the cost of a process for each. */
async function desk(command: Command, options: Record<string, string | boolean>, ...words: string[]) {
  const lines: string[] = [];
  const text = (name: string) => (typeof options[name] === 'string' ? options[name] : undefined);
  const config = readConfig({
    ...process.env,
    FIELDBIND_DATA: data,
    FIELDBIND_DATABASE_URL: await databaseOf(data),
  });
  const installation = await openInstallation(config);
  try {
    const code = await command.run({
      ...{ installation, config, words, text },
      flag: (name) => options[name] === true,
      required: (name) => text(name) ?? '',
      print: (...cells) => lines.push(cells.join('\t')),
      give: (text) => lines.push(text),
      ask: async () => undefined,
      environment: {},
    });
    return { code, out: lines.join('\n') };
  } catch (error) {
    if (!isForeseen(error)) throw error;
    return { code: 2, out: error.message };
  } finally {
    await installation.close();
  }
}
/** On a machine that has neither data folder nor database. */
const sign = (request: string, to: string, root = 'root') =>
  fieldbind(at('nothing'), ['ca', 'sign', '--root', at(root), '--request', at(request), '--to', at(to)]);
const takeAway = () => desk(caExport, { to: at('root'), remove: true });

describe('a root that is elsewhere', () => {
  it('signs there what is asked for here: an organisation, and a rotation', async () => {
    expect((await takeAway()).out).toContain('this machine no longer does');
    expect(existsSync(rootKey())).toBe(false);
    expect(readFileSync(at('root'), 'utf8')).toMatch(/BEGIN ENCRYPTED PRIVATE KEY/);

    const refused = await desk(orgCreate, { title: 'East' }, 'east');
    expect([refused.code, refused.out]).toEqual([2, expect.stringContaining('ca request')]);
    expect(existsSync(rootKey())).toBe(false);

    expect((await desk(caRequest, { org: 'east', to: at('east.csr') })).code).toBe(0);
    expect(
      execFileSync('openssl', ['req', '-in', at('east.csr'), '-noout', '-subject']).toString(),
    ).toContain('CN = east CA');
    expect((await sign('east.csr', 'east.pem')).out).toContain('signed the issuing CA of east');
    expect((await desk(caImport, { org: 'east', from: at('east.pem') })).out).toContain('east issues now');
    expect((await desk(orgCreate, { title: 'East' }, 'east')).out).toContain('created east');

    await desk(caRequest, { org: 'northfield', to: at('next.csr') });
    await sign('next.csr', 'next.pem');
    const rotated = await desk(caImport, { org: 'northfield', from: at('next.pem') });
    expect(rotated.out).toContain('northfield_2 issues now');
    const server = await startTestServer({ data });
    expect((await server.running.installation.ca.issuer('east'))?.name).toBe('east');
    expect((await server.running.installation.ca.issuer('northfield'))?.name).toBe('northfield_2');
    await server.close();
  });

  it('takes no certificate that is of another request, name or root', async () => {
    await takeAway();
    await desk(caRequest, { org: 'east', to: at('east.csr') });
    await desk(caRequest, { org: 'west', to: at('west.csr') });
    await sign('west.csr', 'west.pem');
    const other = await desk(caImport, { org: 'east', from: at('west.pem') });
    expect(other.out).toContain('it is for another name, it is for another key');
    const nothing = await desk(caImport, { org: 'south', from: at('west.pem') });
    expect(nothing.out).toContain('nothing was requested for south');
    // The root of training signs as willingly, and is another one.
    await desk(caExport, { training: true, to: at('training-root') });
    await sign('east.csr', 'wrong.pem', 'training-root');
    const wrong = await desk(caImport, { org: 'east', from: at('wrong.pem') });
    expect(wrong.out).toContain('it is not signed by root');
    writeFileSync(at('noise'), 'noise');
    expect((await desk(caImport, { org: 'east', from: at('noise') })).code).toBe(2);
  });

  it('comes back from its file, by its passphrase only, and signs here again', async () => {
    await takeAway();
    process.env.FIELDBIND_ROOT_PASSPHRASE = 'another passphrase than that';
    const wrong = await desk(caImport, { from: at('root') });
    expect(wrong).toMatchObject({ code: 2, out: expect.stringContaining('FIELDBIND_ROOT_PASSPHRASE') });
    process.env.FIELDBIND_ROOT_PASSPHRASE = PASSPHRASE;
    expect((await desk(caImport, { from: at('root') })).out).toContain('on this machine again');
    expect((await desk(orgCreate, { title: 'East' }, 'east')).out).toContain('created east');
  });

  it('is not removed where its file cannot be written, nor exported without a long passphrase', async () => {
    writeFileSync(at('root'), 'something else');
    expect((await takeAway()).code).toBe(2);
    expect(existsSync(rootKey())).toBe(true);
    expect(readFileSync(at('root'), 'utf8')).toBe('something else');
    process.env.FIELDBIND_ROOT_PASSPHRASE = 'short';
    expect((await desk(caExport, { to: at('other'), remove: true })).out).toContain('shorter than');
    delete process.env.FIELDBIND_ROOT_PASSPHRASE;
    expect((await desk(caExport, { to: at('other'), remove: true })).out).toContain('is missing');
    expect([existsSync(at('other')), existsSync(rootKey())]).toEqual([false, true]);
  });

  it('lets no server start whose issuing keys are elsewhere', async () => {
    rmSync(join(data, 'keys/northfield.key.pem'));
    await expect(startTestServer({ data })).rejects.toThrow('the issuing key northfield is missing');
  });
});
