import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { IssuedCertificate } from '../../contract/change.ts';
import { issuerName } from '../support/issuer-name.ts';
import { openssl, run } from '../support/openssl.ts';
import { HANNA, OAK_STREET, startTestServer, type TestServer } from '../support/server.ts';
import { registrationOf, type TestDevice } from '../support/server-device.ts';
import { closeFaultless } from '../support/server-faults.ts';
import { trailOf } from '../support/trail.ts';

let folder: string;
let server: TestServer;
const at = (name: string) => join(folder, name);

async function issue(name: string, operator: string, org: string, domain: string): Promise<TestDevice> {
  const device = await server.listedDevice({ org });
  const phone = await server.signIn(operator);
  const change = await phone.submit('registration+jws', registrationOf(device, domain), org);
  const { leafPem } = change.certificate as IssuedCertificate;
  writeFileSync(at(`${name}.pem`), leafPem);
  return device;
}

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'fieldbind-ocsp-'));
  server = await startTestServer();
  await issue('good', 'ines', 'northfield', OAK_STREET);
  await issue('hanna', 'hanna', 'hanna-home', HANNA);
  for (const org of ['northfield', 'hanna-home'])
    writeFileSync(at(`${org}.pem`), await (await fetch(`${server.url}/ca/${org}/bundle.pem`)).text());
  const { maker, udid } = await issue('lost', 'ines', 'northfield', OAK_STREET);
  await server.fieldbind('revoke', '--udid', udid, '--maker', maker, '--reason', 'keyCompromise');
});
afterAll(async () => {
  await closeFaultless(server);
  rmSync(folder, { recursive: true });
});

/** OpenSSL asks at the address that the certificate itself names. */
async function ask(name: string, issuer: string, ...more: string[]) {
  const { out } = await openssl('x509', '-in', at(`${name}.pem`), '-noout', '-ocsp_uri');
  return openssl(
    ...['ocsp', ...more, '-issuer', at(`${issuer}.pem`), '-CAfile', at(`${issuer}.pem`)],
    ...['-cert', at(`${name}.pem`), '-url', out.trim()],
  );
}

describe('OCSP', () => {
  it('is believed by OpenSSL: good, revoked with reason, with SHA-1 and SHA-256', async () => {
    const good = await ask('good', 'northfield');
    expect(good.out).toContain('Response verify OK');
    expect(good.out).toMatch(/good\.pem: good/);
    const lost = await ask('lost', 'northfield', '-sha256');
    expect(lost.out).toContain('Response verify OK');
    expect(lost.out).toMatch(/lost\.pem: revoked[\s\S]*Reason: keyCompromise/);
  });

  it('is believed by GnuTLS, by POST and, in the path, by GET', async () => {
    const asked = ['--load-issuer', at('northfield.pem'), '--load-cert', at('good.pem')];
    const made = await run('ocsptool', ['--generate-request', ...asked, '--outfile', at('request.der')]);
    expect(made.code).toBe(0);
    const request = readFileSync(at('request.der'));
    const posted = await fetch(`${server.url}/ocsp`, {
      method: 'POST',
      headers: { 'content-type': 'application/ocsp-request' },
      body: request,
    });
    const got = await fetch(`${server.url}/ocsp/${encodeURIComponent(request.toString('base64'))}`);
    expect(got.headers.get('cache-control')).toMatch(/^public, max-age=60/);
    expect(got.headers.get('content-type')).toBe('application/ocsp-response');
    const answer = Buffer.from(await got.arrayBuffer());
    expect(Buffer.from(await posted.arrayBuffer())).toEqual(answer);
    writeFileSync(at('answer.der'), answer);
    const verified = await run('ocsptool', [
      ...['--verify-response', '--load-response', at('answer.der')],
      ...['--load-trust', at('northfield.pem')],
    ]);
    expect(verified.out).toContain('Verifying OCSP Response: Success');
    expect(verified.out).toMatch(/Certificate Status: good/);
  });

  it('says nothing of what it never issued, of another issuer’s serials, and of noise', async () => {
    expect((await ask('hanna', 'northfield')).out).toContain('unauthorized');
    expect((await ask('hanna', 'hanna-home')).out).toMatch(/hanna\.pem: good/);
    const unknown = await openssl(
      ...['ocsp', '-issuer', at('northfield.pem'), '-CAfile', at('northfield.pem'), '-serial', '0x4711'],
      ...['-url', `${server.url}/ocsp`],
    );
    expect(unknown.out).toContain('unauthorized');
    for (const body of [Buffer.from('noise'), Buffer.alloc(2000, 0x30), Buffer.from([0x30, 0])]) {
      const answer = await fetch(`${server.url}/ocsp`, {
        method: 'POST',
        headers: { 'content-type': 'application/ocsp-request' },
        body,
      });
      expect([...new Uint8Array(await answer.arrayBuffer())]).toEqual([0x30, 3, 0x0a, 1, 1]);
    }
    expect((await fetch(`${server.url}/ocsp`, { method: 'POST', body: 'text' })).status).toBe(400);
    expect((await fetch(`${server.url}/ocsp/***`)).status).toBe(400);
  });

  it('is signed by a key that may do nothing else, and that stands on the audit trail', async () => {
    const { stores } = server.running.installation;
    const responder = await stores.responders.responder(issuerName('northfield'));
    writeFileSync(at('responder.der'), responder?.certificate ?? '');
    const text = await run('certtool', ['--certificate-info', '--inder', '--infile', at('responder.der')]);
    expect(text.out).toMatch(/OCSP signing/i);
    expect(text.out).toMatch(/Certificate Authority \(CA\): FALSE/);
    const trail = await trailOf(stores);
    expect(trail.filter(({ event }) => event === 'OCSP signer certified')).toHaveLength(2);
  });
});
