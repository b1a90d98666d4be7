import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { keyFiles } from '../../server/authority/keys/key-files.ts';
import { mayBeOrg } from '../../server/ports/ca-names.ts';
import { startTestServer, type TestServer } from '../support/server.ts';

let server: TestServer;
let folder: string;
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'fieldbind-names-'));
  server = await startTestServer();
});
afterAll(async () => {
  await server.close();
  rmSync(folder, { recursive: true, force: true });
});

describe('an organisation', () => {
  it.each([
    ...['statement-1', 'statement-2', 'statement-10', 'statement', 'statement-x', 'rescue', 'rescue-1'],
    ...['root', 'training-root', 'est-ca', 'ocsp', 'ocsp-northfield'],
  ])('is not called %s, like a key of the installation', async (name) => {
    const made = await server.fieldbind('org', 'create', name, '--title', 'X');
    expect(made).toMatchObject({ code: 1, out: expect.stringContaining('this name is not allowed') });
    expect(await server.running.installation.stores.orgs.org(name)).toBeUndefined();
    const authority = await server.running.installation.stores.authorities.authority(name);
    expect(authority?.org ?? null).toBeNull();
  });

  it('gets no issuing CA of such a name by its request either', async () => {
    const words = ['ca', 'request', '--org', 'statement-2', '--to', join(folder, 'csr')];
    expect(await server.fieldbind(...words)).toMatchObject({ code: 2 });
    expect(await server.running.installation.vault.open('statement-2')).toBeUndefined();
  });

  it('may be called what only begins alike', () => {
    expect(['statements', 'rescuers', 'rooted', 'training', 'est-cam', 'ocspro'].filter(mayBeOrg)).toEqual([
      ...['statements', 'rescuers', 'rooted', 'training', 'est-cam', 'ocspro'],
    ]);
  });

  it('never has a name of which the vault has a key of our own, whatever the number', () => {
    fc.assert(
      fc.property(fc.constantFrom('statement-', 'rescue-'), fc.nat(), (kind, n) => {
        expect(mayBeOrg(`${kind}${n}`)).toBe(false);
      }),
    );
  });
});

describe('a key that is there', () => {
  it('is not taken for one on another curve', async () => {
    const vault = keyFiles(join(folder, 'keys'), undefined);
    await vault.ensure('one', 'P-384');
    await expect(vault.ensure('one', 'P-256')).rejects.toThrow('is not on P-256');
    await vault.ensure('two', 'P-256');
    await expect(vault.ensure('two', 'P-384')).rejects.toThrow('is not on P-384');
    expect((await vault.ensure('two', 'P-256')).algorithm).toBe('ES256');
  });
});
