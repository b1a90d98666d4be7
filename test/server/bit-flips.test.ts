import { afterAll, beforeAll, expect, it } from 'vitest';
import { fromBase64Url, toBase64Url } from '../../core/bytes.ts';
import { OAK_STREET, startTestServer, type TestServer } from '../support/server.ts';
import { makeDevice, registrationOf } from '../support/server-device.ts';
import { closeFaultless } from '../support/server-faults.ts';

// Offline.md's ninth target: no altered record is taken, wherever one bit of it turned over on the way.
const FLIPS = 10_000;
const BATCH = 100;
const ALPHABET = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_';

let server: TestServer;
beforeAll(async () => {
  server = await startTestServer();
});
afterAll(() => closeFaultless(server));

it('rejects ten thousand records with one bit turned over, and takes the true one after them', async () => {
  const ines = await server.signIn('ines');
  const payload = registrationOf(await makeDevice(), OAK_STREET);
  const { jws } = await ines.seal('registration+jws', payload, 'northfield');
  const parts = jws.split('.').map((part) => fromBase64Url(part) ?? new Uint8Array());
  const bits = parts.reduce((sum, part) => sum + part.length * 8, 0);
  const flipped = (bit: number) => {
    let at = bit;
    return parts
      .map((part) => {
        const copy = part.slice();
        if (at >= 0 && at < part.length * 8) copy[at >> 3] = (copy[at >> 3] ?? 0) ^ (1 << (at & 7));
        at -= part.length * 8;
        return toBase64Url(copy);
      })
      .join('.');
  };
  let rejected = 0;
  // Spread over the whole record: a step that shares no factor with its length meets every region.
  for (let sent = 0; sent < FLIPS; sent += BATCH) {
    const records = Array.from({ length: BATCH }, (_, i) => flipped(((sent + i) * 7919) % bits));
    const { results } = await ines.send(records);
    rejected += results.filter(({ status }) => status === 'rejected').length;
  }
  expect(rejected).toBe(FLIPS);
  expect((await ines.send([jws])).results[0]?.status).toBe('received');
});

it('rejects other spellings of the same signature', async () => {
  const ines = await server.signIn('ines');
  const { jws } = await ines.seal(
    'registration+jws',
    registrationOf(await makeDevice(), OAK_STREET),
    'northfield',
  );
  // 64 bytes leave four unused bits in the last character: fifteen more spellings decode to the same bytes.
  const last = ALPHABET.indexOf(jws.at(-1) ?? '');
  const spellings = Array.from(ALPHABET).filter((_, at) => at !== last && at >> 4 === last >> 4);
  expect(spellings).toHaveLength(15);
  const { results } = await ines.send(spellings.map((character) => jws.slice(0, -1) + character));
  expect(results.map(({ status, code }) => [status, code])).toEqual(
    spellings.map(() => ['rejected', 'envelope_malformed']),
  );
});
