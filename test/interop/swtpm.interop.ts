import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { fromBase64Url, toBase64, toBase64Url } from '../../core/bytes.ts';
import { nodeCrypto } from '../../server/x509/node-crypto.ts';
import { serverPair } from '../support/est.ts';
import { rowsIn } from '../support/list-rows.ts';
import { openssl, run } from '../support/openssl.ts';
import { OAK_STREET, startTestServer, type TestServer } from '../support/server.ts';
import { registrationOf, type TestDevice } from '../support/server-device.ts';
import { closeFaultless } from '../support/server-faults.ts';
import type { TestOperator } from '../support/server-operator.ts';
import { type EndorsementKind, TpmDevice } from '../support/tpm.ts';

const KINDS: readonly EndorsementKind[] = ['rsa', 'ecc'];

let folder: string;
let server: TestServer;
let ines: TestOperator;
const tpms = new Map<EndorsementKind, TpmDevice>();
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'fieldbind-swtpm-'));
  server = await startTestServer({ est: { ...(await serverPair(folder)), port: 0, host: '127.0.0.1' } });
  ines = await server.signIn('ines');
  for (const kind of KINDS) tpms.set(kind, await TpmDevice.start(kind));
});
afterAll(async () => {
  for (const tpm of tpms.values()) await tpm.stop();
  await closeFaultless(server);
  rmSync(folder, { recursive: true });
});

function tpmOf(kind: EndorsementKind): TpmDevice {
  const tpm = tpms.get(kind);
  if (tpm === undefined) throw new Error(`no TPM with an ${kind} key`);
  return tpm;
}

interface Answer {
  readonly id?: string;
  readonly credential?: string;
  readonly key?: string;
  readonly certificate?: string;
  readonly code?: string;
}

async function post(path: string, body: object): Promise<{ status: number; body: Answer }> {
  const { code, out } = await run('curl', [
    ...['--silent', '--show-error', '--cacert', join(folder, 'est.pem')],
    ...['--header', 'content-type: application/json', '--data', JSON.stringify(body)],
    ...['--write-out', '\n%{http_code}', `${server.running.estUrl ?? ''}${path}`],
  ]);
  if (code !== 0) throw new Error(`curl: ${out}`);
  const [text = '', status] = out.split('\n');
  return { status: Number(status), body: JSON.parse(text) as Answer };
}

const asked = (tpm: TpmDevice) => ({ ek: toBase64Url(tpm.spki('ek')), ak: toBase64Url(tpm.area('ak')) });

/** The whole exchange with what the TPM finds, or with another secret. */
async function activate(tpm: TpmDevice, key = 'device', wrong?: Uint8Array) {
  const challenge = await post('/tpm/challenge', asked(tpm));
  const credential = fromBase64Url(challenge.body.credential ?? '') ?? new Uint8Array();
  const secret = wrong ?? (await tpm.activate(credential));
  const body = { id: challenge.body.id, secret: toBase64Url(secret), ...tpm.certified(key) };
  return { body, answer: await post('/tpm/activate', body) };
}

/** A list as its maker writes it: the endorsement key as tpm2_createek printed it. */
async function listed(tpm: TpmDevice, udid: string): Promise<void> {
  const pem = Buffer.from(tpm.file('ek.pem')).toString('latin1');
  const { rows, faults } = await rowsIn(`maker,udid,tpm_ek\nacme,${udid},"${pem}"\n`, undefined, nodeCrypto);
  expect(faults).toEqual([]);
  const { errors } = await server.importList(
    'northfield',
    rows.map(({ row }) => row),
  );
  expect(errors).toEqual([]);
}

async function registered(tpm: TpmDevice, udid: string) {
  const csr = await tpm.request(udid);
  const device = { maker: 'acme', udid, spki: tpm.spki('device'), csr } as TestDevice;
  return ines.submit('registration+jws', registrationOf(device, OAK_STREET), 'northfield');
}

describe.each(KINDS)('a TPM with an %s endorsement key', (kind) => {
  const udid = `acme-tpm-${kind}`;

  it('gets no challenge while it stands on no list', async () => {
    expect((await post('/tpm/challenge', asked(tpmOf(kind)))).status).toBe(404);
  });

  it('shows its key, and the registration that is decided then binds it', async () => {
    const tpm = tpmOf(kind);
    await listed(tpm, udid);
    const held = await registered(tpm, udid);
    expect(held).toMatchObject({ outcome: 'held', code: 'udid_only_row' });
    const { body, answer } = await activate(tpm);
    expect(answer).toEqual({ status: 200, body: { key: expect.any(String) } });
    expect((await post('/tpm/activate', body)).status).toBe(409);

    expect(await registered(tpm, udid)).toMatchObject({ outcome: 'bound' });
    const { bindingHistory } = server.running.installation.stores;
    expect(await bindingHistory.ofUdid(udid)).toMatchObject([{ firstUse: false, unproven: true }]);

    const csr = toBase64(await tpm.request(udid));
    const fetched = await run('curl', [
      ...['--silent', '--cacert', join(folder, 'est.pem'), '--request', 'POST'],
      ...['--header', `device-csr: ${csr}`, '--output', join(folder, 'leaf.pem')],
      `${server.running.estUrl ?? ''}/new`,
    ]);
    expect(fetched.code).toBe(0);
    const bundle = join(folder, 'bundle.pem');
    await run('curl', ['--silent', '--output', bundle, `${server.url}/ca/northfield/bundle.pem`]);
    const verified = await openssl('verify', '-x509_strict', '-CAfile', bundle, join(folder, 'leaf.pem'));
    expect(verified.out).toContain('OK');
    // Shown again, now that it is decided, it is handed the same certificate.
    const again = await activate(tpm);
    expect(again.answer.body.certificate).toContain('BEGIN CERTIFICATE');
  });

  it('is refused with another secret, another key’s word, and a key that could be copied', async () => {
    const tpm = tpmOf(kind);
    expect((await activate(tpm, 'device', new Uint8Array(32))).answer.status).toBe(409);
    const { body } = await activate(tpm, 'device', new Uint8Array(32));
    expect((await post('/tpm/activate', body)).status).toBe(409);
    await tpm.makeKey('copied', 'sensitivedataorigin|userwithauth|sign');
    expect((await activate(tpm, 'copied')).answer).toMatchObject({
      status: 400,
      body: { code: 'proof_invalid' },
    });
  });

  it('cannot answer for another TPM', async () => {
    const [tpm, other] = [tpmOf(kind), tpmOf(kind === 'rsa' ? 'ecc' : 'rsa')];
    const challenge = await post('/tpm/challenge', { ...asked(tpm), ak: asked(other).ak });
    const credential = fromBase64Url(challenge.body.credential ?? '') ?? new Uint8Array();
    await expect(tpm.activate(credential)).rejects.toThrow();
    await expect(other.activate(credential)).rejects.toThrow();
  });
});
