import { createHash, X509Certificate } from 'node:crypto';
import { connect } from 'node:net';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { signatureBudget } from '../../server/authority/va/signature-budget.ts';
import { CALLS } from '../../server/faces/rate-limit.ts';
import { authorityName } from '../../server/x509/x509-name.ts';
import { fuzzed } from '../support/fuzzing.ts';
import { tlv } from '../support/hand-made-der.ts';
import { startTestServer, type TestServer } from '../support/server.ts';
import type { TestDevice } from '../support/server-device.ts';
import { closeFaultless } from '../support/server-faults.ts';
import { register } from '../support/server-register.ts';

const NULL = tlv(0x05);
const OIDS = { sha1: '2b0e03021a', sha256: '608648016503040201' } as const;
const TRY_LATER = Buffer.from([0x30, 3, 0x0a, 1, 3]);
const UNAUTHORIZED = Buffer.from([0x30, 3, 0x0a, 1, 6]);

interface Asked {
  readonly serial: Uint8Array;
  readonly hash?: keyof typeof OIDS;
  readonly parameters?: 'null' | 'none';
}

let server: TestServer;
let now = Date.now();
let key: Uint8Array;
const serials: Uint8Array[] = [];
const devices: TestDevice[] = [];

beforeAll(async () => {
  server = await startTestServer({ clock: { now: () => now } });
  const ines = await server.signIn('ines');
  for (let n = 0; n < 8; n++) {
    const device = await server.listedDevice();
    const { certificate } = await register(ines, device);
    serials.push(Buffer.from(new X509Certificate(certificate?.leafPem ?? '').serialNumber, 'hex'));
    devices.push(device);
  }
  const bundle = await (await fetch(`${server.url}/ca/northfield/bundle.pem`)).text();
  // Of a key on P-256 the point is the last 65 bytes.
  key = new X509Certificate(bundle).publicKey.export({ type: 'spki', format: 'der' }).subarray(-65);
});
afterAll(() => closeFaultless(server));

const digest = (hash: string, data: Uint8Array) => tlv(0x04, createHash(hash).update(data).digest());

function certId({ serial, hash = 'sha1', parameters = 'null' }: Asked): Uint8Array {
  const algorithm = tlv(
    0x30,
    tlv(0x06, Buffer.from(OIDS[hash], 'hex')),
    ...(parameters === 'null' ? [NULL] : []),
  );
  const name = digest(hash, authorityName('northfield'));
  return tlv(0x30, algorithm, name, digest(hash, key), tlv(0x02, serial));
}

function requestOf(asked: readonly Asked[], nonce?: Uint8Array): Uint8Array {
  const list = tlv(0x30, ...asked.map((one) => tlv(0x30, certId(one))));
  const oid = tlv(0x06, Buffer.from('2b0601050507300102', 'hex'));
  const extensions =
    nonce === undefined ? [] : [tlv(0xa2, tlv(0x30, tlv(0x30, oid, tlv(0x04, tlv(0x04, nonce)))))];
  return tlv(0x30, tlv(0x30, list, ...extensions));
}

async function answerTo(request: Uint8Array): Promise<Buffer> {
  const response = await fetch(`${server.url}/ocsp`, {
    method: 'POST',
    headers: { 'content-type': 'application/ocsp-request' },
    body: Uint8Array.from(request),
  });
  expect(response.status).toBe(200);
  return Buffer.from(await response.arrayBuffer());
}

const ask = (...asked: readonly Asked[]) => answerTo(requestOf(asked));
const serial = (index: number) => serials[index] ?? new Uint8Array();
/** Each time a budget is full again, and nothing that was signed is too old. */
const later = () => {
  now += 1000;
};

describe('an OCSP answer', () => {
  it('is one for each certificate, however it is asked for', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.uniqueArray(fc.nat(7), { minLength: 1, maxLength: 3 }),
        fc.infiniteStream(fc.nat()),
        fc.uint8Array({ maxLength: 32 }),
        async (which, order, nonce) => {
          later();
          const first = await ask(...which.map((index) => ({ serial: serial(index) })));
          const drawn = [...order.take(8 - which.length)].map((n) => which[n % which.length] ?? 0);
          const shuffled = [...drawn, ...which.toReversed()];
          const again = requestOf(
            shuffled.map((index) => ({ serial: serial(index) })),
            nonce,
          );
          expect(await answerTo(again)).toEqual(first);
        },
      ),
      fuzzed(400),
    );
  });

  it('repeats the hash and its parameters as they were asked for, of which there are four', async () => {
    const answers = new Set<string>();
    for (let times = 0; times < 2; times++)
      for (const hash of ['sha1', 'sha256'] as const)
        for (const parameters of ['null', 'none'] as const) {
          later();
          const asked = { serial: serial(0), hash, parameters };
          const answer = await ask(asked);
          expect(answer.includes(Buffer.from(certId(asked)))).toBe(true);
          answers.add(answer.toString('hex'));
        }
    expect(answers.size).toBe(4);
  });

  it('is signed once for all who ask at the same time', async () => {
    now += 2 * 3_600_000;
    const all = await Promise.all(Array.from({ length: 20 }, () => ask({ serial: serial(1) })));
    expect(new Set(all.map((one) => one.toString('hex'))).size).toBe(1);
  });

  it('about several certificates is signed twenty times a second, in whatever ways they are put together', async () => {
    later();
    const given = new Set<string>();
    let put = 0;
    for (let some = 1; some < 256 && put < 60; some++) {
      const which = serials.filter((_, index) => (some >> index) & 1);
      if (which.length < 4) continue;
      put++;
      given.add(
        (await ask(...which.map((one) => ({ serial: one, hash: 'sha256' as const })))).toString('hex'),
      );
    }
    expect(given.has(TRY_LATER.toString('hex'))).toBe(true);
    expect(given.size).toBe(21);
    // One alone is still answered, and so is what was answered before.
    expect((await ask({ serial: serial(2), hash: 'sha256' })).length).toBeGreaterThan(300);
    later();
    expect((await ask(...serials.slice(1).map((one) => ({ serial: one })))).length).toBeGreaterThan(300);
  });

  it('is signed anew when something is revoked, and after an hour', async () => {
    later();
    const good = await ask({ serial: serial(7) });
    const { maker, udid } = devices[7] ?? { maker: '', udid: '' };
    await server.fieldbind('revoke', '--udid', udid, '--maker', maker, '--reason', 'keyCompromise');
    const revoked = await ask({ serial: serial(7) });
    expect(revoked).not.toEqual(good);
    expect(await ask({ serial: serial(7) })).toEqual(revoked);
    now += 3_600_000;
    expect(await ask({ serial: serial(7) })).not.toEqual(revoked);
  });

  it.each<[string, (own: Uint8Array) => Uint8Array]>([
    ['with a zero in front', (own) => Buffer.concat([Buffer.from([0]), own])],
    ['cut short', (own) => own.subarray(1)],
    ['with a zero behind', (own) => Buffer.concat([own, Buffer.from([0])])],
    ['negative', (own) => Uint8Array.from(own, (byte) => byte ^ 0xff)],
    ['empty', () => new Uint8Array()],
  ])('is not given for a serial %s', async (_, spell) => {
    expect(await ask({ serial: spell(serial(3)) })).toEqual(UNAUTHORIZED);
    // Nor for it among others, so that nothing unknown can be put together with what is known.
    expect(await ask({ serial: serial(3) }, { serial: spell(serial(3)) })).toEqual(UNAUTHORIZED);
  });
});

describe('the budget of signatures', () => {
  it('is a second’s worth and no more, whatever the clock does', () => {
    const clock = { at: 1_000_000, now: () => clock.at };
    const may = signatureBudget(3, clock);
    const made = () => Array.from({ length: 5 }, may).filter(Boolean).length;
    expect([made(), made()]).toEqual([3, 0]);
    const seen = [400 * 86_400_000, -400 * 86_400_000, 1000, 334, 0].map((jump) => {
      clock.at += jump;
      return made();
    });
    expect(seen).toEqual([3, 0, 3, 1, 0]);
  });
});

describe('what anybody may fetch', () => {
  /** Statuses of so many GETs of a path, on one connection. */
  async function flood(path: string, times: number): Promise<Record<string, number>> {
    const socket = connect(server.running.port, '127.0.0.1');
    const counts: Record<string, number> = {};
    let left = times;
    let text = '';
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    socket.on('error', reject);
    socket.on('data', (data) => {
      text += data.toString('latin1');
      const heads = [...text.matchAll(/HTTP\/1\.1 (\d+)[^\r]*\r\n/g)];
      for (const [, status = ''] of heads) {
        counts[status] = (counts[status] ?? 0) + 1;
        left--;
      }
      text = text.slice((heads.at(-1)?.index ?? -1) + 1).replace(/^TTP\/1\.1 \d+[^\r]*\r\n/, '');
      if (left === 0) resolve();
    });
    const one = `HEAD ${path} HTTP/1.1\r\nHost: localhost:${server.running.port}\r\n\r\n`;
    for (let sent = 0; sent < times; sent += 500) socket.write(one.repeat(Math.min(500, times - sent)));
    await promise;
    socket.destroy();
    return counts;
  }

  it('is bounded by address, each kind apart, and never so that a probe of health fails', async () => {
    now += 60_000;
    expect(await flood('/ca/nothing.cer', CALLS.fetches)).toEqual({ 404: CALLS.fetches });
    const status = async (path: string) => (await fetch(server.url + path)).status;
    expect(await status('/ca/root.cer')).toBe(429);
    for (const path of ['/crl/northfield.crl', '/api/sign-in', '/healthz', '/metrics'])
      expect([path, await status(path)]).toEqual([path, 200]);
    now += 60_000;
    expect(await status('/ca/root.cer')).toBe(200);
  });
});
