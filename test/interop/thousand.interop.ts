import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Registration } from '../../contract/registration.ts';
import { toPem } from '../../core/pem.ts';
import { openssl, run } from '../support/openssl.ts';
import { OAK_STREET, PRACTICE, startTestServer, type TestServer } from '../support/server.ts';
import {
  type KeyAlgorithm,
  makeDevice,
  registrationOf,
  rowOf,
  type TestDevice,
} from '../support/server-device.ts';
import { closeFaultless } from '../support/server-faults.ts';

/** Devices by organisation and kind of key; with the services below, 1,000 of every profile that an issuing CA signs. */
const NORTHFIELD: readonly (readonly [KeyAlgorithm, number])[] = [
  ['P-256', 740],
  ['P-384', 50],
  ['Ed25519', 50],
  ['RSA-2048', 20],
];
const TRAINING: readonly (readonly [KeyAlgorithm, number])[] = [['P-256', 100]];
/** Brokers and the like, and as many keys that answer about certificates: of northfield. */
const SERVICES = 20;
/** As many as one OCSP request of ours may ask about. */
const ASKED_AT_ONCE = 8;
const SIDE_BY_SIDE = 4;

let folder: string;
let server: TestServer;
const at = (name: string) => join(folder, name);
const leaves: Record<'northfield' | 'training', string[]> = { northfield: [], training: [] };
const revoked = new Set<string>();
const services: { server: string[]; responder: string[] } = { server: [], responder: [] };

async function issue(
  org: 'northfield' | 'training',
  kinds: readonly (readonly [KeyAlgorithm, number])[],
): Promise<TestDevice[]> {
  const devices: TestDevice[] = [];
  for (const [algorithm, count] of kinds)
    for (let n = 0; n < count; n++) devices.push(await makeDevice({ algorithm }));
  await server.importList(
    org,
    devices.map((device) => rowOf(device)),
  );
  const phone = await server.signIn('ines');
  const changes = org === 'training' ? { device: { link: 'simulated' as const } } : {};
  const domain = org === 'training' ? PRACTICE : OAK_STREET;
  for (const some of groups(devices, 50)) {
    const records: string[] = [];
    for (const device of some) {
      const registration: Registration = registrationOf(device, domain, changes);
      records.push((await phone.seal('registration+jws', registration, org)).jws);
    }
    await phone.send(records);
  }
  for (const { udid, certificate } of await phone.changes(org)) {
    if (certificate === undefined) throw new Error(`${udid} has no certificate`);
    const file = at(`${org}-${udid}.pem`);
    writeFileSync(file, certificate.leafPem);
    leaves[org].push(file);
  }
  writeFileSync(at(`${org}.pem`), await (await fetch(`${server.url}/ca/${org}/bundle.pem`)).text());
  return devices;
}

/** Of no device, so there is no record of them and OCSP knows none: they live for days and are not revoked. */
async function certifyServices(): Promise<void> {
  const issuer = await server.running.installation.ca.issuer('northfield');
  if (issuer === undefined) throw new Error('northfield has no issuing CA');
  const until = Date.now() + 7 * 24 * 3_600_000;
  for (let n = 0; n < SERVICES; n++) {
    const { spki } = await makeDevice();
    const order = { host: hostOf(n), spki, lifetime: until - Date.now() };
    const made = {
      server: (await issuer.sign(issuer.prepareServer(order))).der,
      responder: (await issuer.certifyResponder(spki, until)).der,
    };
    for (const kind of ['server', 'responder'] as const) {
      const file = at(`${kind}-${n}.pem`);
      writeFileSync(file, toPem('CERTIFICATE', made[kind]));
      services[kind].push(file);
    }
  }
}

const hostOf = (n: number) => `broker-${n}.${OAK_STREET}`;

async function fetchCrl(org: string): Promise<void> {
  writeFileSync(
    at(`${org}.crl.der`),
    Buffer.from(await (await fetch(`${server.url}/crl/${org}.crl`)).arrayBuffer()),
  );
  await openssl('crl', '-inform', 'DER', '-in', at(`${org}.crl.der`), '-out', at(`${org}.crl.pem`));
}

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'fieldbind-thousand-'));
  server = await startTestServer();
  const devices = await issue('northfield', NORTHFIELD);
  await issue('training', TRAINING);
  await certifyServices();
  for (const { maker, udid } of [devices[0], devices[760], devices[859]].flatMap((one) => one ?? [])) {
    await server.fieldbind('revoke', '--udid', udid, '--maker', maker, '--reason', 'keyCompromise');
    revoked.add(at(`northfield-${udid}.pem`));
  }
  for (const org of ['northfield', 'training']) await fetchCrl(org);
});
afterAll(async () => {
  await closeFaultless(server);
  rmSync(folder, { recursive: true });
});

describe('a thousand certificates of every profile', () => {
  it.each(['northfield', 'training'] as const)('openssl verifies those of %s with the CRL', async (org) => {
    expect(leaves[org].length).toBe(org === 'training' ? 100 : 900 - 2 * SERVICES);
    const trust = ['-CAfile', at(`${org}.pem`), '-CRLfile', at(`${org}.crl.pem`)];
    const { out } = await openssl('verify', '-x509_strict', '-crl_check', ...trust, ...leaves[org]);
    const good = leaves[org].filter((file) => out.includes(`${file}: OK\n`));
    expect(good).toEqual(leaves[org].filter((file) => !revoked.has(file)));
    expect(out.match(/certificate revoked/g)?.length ?? 0).toBe(org === 'training' ? 0 : revoked.size);
  });

  it('openssl and certtool take services for what they are, and for nothing else', async () => {
    const trust = ['-CAfile', at('northfield.pem'), '-CRLfile', at('northfield.crl.pem')];
    const good = async (purpose: string, files: readonly string[]) => {
      const asked = ['-x509_strict', '-crl_check', '-purpose', purpose, ...trust, ...files];
      const { out } = await openssl('verify', ...asked);
      return files.filter((file) => out.includes(`${file}: OK\n`));
    };
    expect(await good('sslserver', services.server)).toEqual(services.server);
    expect(await good('sslclient', services.server)).toEqual([]);
    expect(await good('any', services.responder)).toEqual(services.responder);
    expect(await good('sslserver', services.responder)).toEqual([]);
    const authority = ['--verify', '--load-ca-certificate', at('northfield.pem')];
    const codes = await sideBySide([...services.server.entries()], async ([n, file]) => {
      const named = await run('certtool', [...authority, '--verify-hostname', hostOf(n), '--infile', file]);
      const other = await run('certtool', [...authority, '--verify-hostname', 'x.test', '--infile', file]);
      return [named.code, other.code === 0];
    });
    expect(codes).toEqual(services.server.map(() => [0, false]));
    const signers = await sideBySide(services.responder, async (file) => {
      const purpose = ['--verify-purpose', '1.3.6.1.5.5.7.3.9'];
      return (await run('certtool', [...authority, ...purpose, '--infile', file])).code;
    });
    expect(signers).toEqual(services.responder.map(() => 0));
  });

  it.each(['northfield', 'training'] as const)('certtool agrees on those of %s', async (org) => {
    const trust = ['--load-ca-certificate', at(`${org}.pem`), '--load-crl', at(`${org}.crl.pem`)];
    const codes = await sideBySide(leaves[org], async (file) => {
      const { code } = await run('certtool', ['--verify', ...trust, '--infile', file]);
      return [file, code === 0] as const;
    });
    expect(codes).toEqual(leaves[org].map((file) => [file, !revoked.has(file)]));
  });

  it.each(['northfield', 'training'] as const)(
    'openssl and ocsptool believe the answers on %s',
    async (org) => {
      const issuer = at(`${org}.pem`);
      const said = await sideBySide(groups(leaves[org], ASKED_AT_ONCE), async (files) => {
        const answer = `${files[0]}.ocsp`;
        let out = '';
        // So many signatures a second, and then `tryLater` (RFC 6960 section 2.3): whoever asks for several waits its turn.
        do
          ({ out } = await openssl(
            ...['ocsp', '-url', `${server.url}/ocsp`, '-issuer', issuer, '-CAfile', issuer],
            ...['-respout', answer, ...files.flatMap((file) => ['-cert', file])],
          ));
        while (out.includes('trylater'));
        expect(out).toContain('Response verify OK');
        const verified = await run('ocsptool', [
          ...['--verify-response', '--load-signer', issuer, '--infile', answer],
        ]);
        expect(verified.out).toContain('Verifying OCSP Response: Success');
        return files.map((file) => (out.includes(`${file}: good`) ? 'good' : /revoked/.exec(out)?.[0]));
      });
      expect(said.flat()).toEqual(leaves[org].map((file) => (revoked.has(file) ? 'revoked' : 'good')));
    },
  );
});

function groups<T>(all: readonly T[], size: number): T[][] {
  const out: T[][] = [];
  for (let from = 0; from < all.length; from += size) out.push(all.slice(from, from + size));
  return out;
}

/** Some programs at a time, in order. */
async function sideBySide<T, R>(all: readonly T[], work: (one: T) => Promise<R>): Promise<R[]> {
  const out: R[] = [];
  for (const some of groups(all, SIDE_BY_SIDE)) out.push(...(await Promise.all(some.map(work))));
  return out;
}
