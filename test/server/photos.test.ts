import { randomBytes } from 'node:crypto';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { parse } from '../../contract/parse.ts';
import { PHOTO_PART_BYTES, PhotoKept, type PhotoProgress } from '../../contract/photo.ts';
import { fromBase64Url, toBase64Url } from '../../core/bytes.ts';
import { extendStatementKeys, verifyStatement } from '../../core/statement.ts';
import { keepPart } from '../../server/phones/keep-photo.ts';
import { nodeCrypto } from '../../server/x509/node-crypto.ts';
import { OAK_STREET, startTestServer, type TestServer } from '../support/server.ts';
import { makeDevice, registrationOf } from '../support/server-device.ts';
import { closeFaultless } from '../support/server-faults.ts';
import type { TestOperator } from '../support/server-operator.ts';

let server: TestServer;
let ines: TestOperator;
beforeAll(async () => {
  server = await startTestServer();
  ines = await server.signIn('ines');
});
afterAll(() => closeFaultless(server));

const digestOf = async (bytes: Uint8Array) => toBase64Url(await nodeCrypto.sha256(bytes));
const picture = (bytes: number) => Uint8Array.from([0xff, 0xd8, 0xff, ...randomBytes(bytes - 3)]);

/** A received record that names these photos, by their digests. */
async function recordWith(...photos: { digest: string; bytes: number }[]): Promise<string> {
  const payload = registrationOf(await makeDevice(), OAK_STREET, { place: { photos } });
  await ines.send([(await ines.seal('registration+jws', payload, 'northfield')).jws]);
  return payload.id;
}

async function part(record: string, digest: string, offset: number, data: Uint8Array, by = ines) {
  return by.post('/api/photos', { record, digest, offset, data: toBase64Url(data) });
}

async function given(record: string, digest: string, offset: number, data: Uint8Array) {
  const { status, body } = await part(record, digest, offset, data);
  expect(status).toBe(200);
  return body as PhotoProgress;
}

it('takes a photo in parts, says where it stands, and signs for it once its digest holds', async () => {
  const photo = picture(PHOTO_PART_BYTES + 1000);
  const digest = await digestOf(photo);
  const record = await recordWith({ digest, bytes: photo.length });
  const [first, rest] = [photo.subarray(0, PHOTO_PART_BYTES), photo.subarray(PHOTO_PART_BYTES)];
  expect(await given(record, digest, 0, new Uint8Array())).toEqual({ digest, have: 0 });
  expect(await given(record, digest, 0, first)).toEqual({ digest, have: first.length });
  // The answer was lost: the same part again, and one from too far ahead, change nothing.
  expect(await given(record, digest, 0, first)).toEqual({ digest, have: first.length });
  expect(await given(record, digest, first.length + 500, rest.subarray(500))).toEqual({
    digest,
    have: first.length,
  });
  const seen = () => ines.get(`/api/photos?org=northfield&record=${record}`);
  expect((await seen()).body).toEqual({ photos: [{ digest, bytes: photo.length, here: false }] });
  expect((await ines.get(`/api/photos/${digest}?org=northfield`)).status).toBe(404);
  const { kept, have } = await given(record, digest, first.length, rest);
  expect(have).toBe(photo.length);
  const { statementKeys } = await ines.enrol();
  const keys = await extendStatementKeys(new Map(), statementKeys, ines.session.aud, nodeCrypto);
  const statement = await verifyStatement(kept ?? '', 'photo+jws', keys, nodeCrypto);
  const said = statement.ok ? parse(PhotoKept, statement.payload) : undefined;
  expect(said).toMatchObject({ aud: ines.session.aud, org: 'northfield', digest, bytes: photo.length });
  // Who did not hear it hears it again.
  expect((await given(record, digest, 0, new Uint8Array())).kept).toBeDefined();
  expect((await seen()).body).toEqual({ photos: [{ digest, bytes: photo.length, here: true }] });
  const { body } = await ines.get(`/api/photos/${digest}?org=northfield`);
  expect(fromBase64Url((body as { data: string }).data)).toEqual(Uint8Array.from(photo));
});

it('begins anew where what came is not what the record named', async () => {
  const photo = picture(5000);
  const digest = await digestOf(photo);
  const record = await recordWith({ digest, bytes: photo.length });
  const other = picture(5000);
  expect(await given(record, digest, 0, other)).toEqual({ digest, have: 0 });
  expect((await given(record, digest, 0, photo)).kept).toBeDefined();
});

it('takes nothing that no received record names, that is no JPEG, or that is more than was named', async () => {
  const photo = picture(4000);
  const digest = await digestOf(photo);
  const record = await recordWith({ digest, bytes: 3000 });
  expect((await part(record, await digestOf(picture(10)), 0, photo)).status).toBe(404);
  expect(
    (
      await part(
        record.replace(/.$/, (end) => (end === '0' ? '1' : '0')),
        digest,
        0,
        photo,
      )
    ).status,
  ).toBe(404);
  expect((await part(record, digest, 0, photo)).status).toBe(400);
  expect((await part(record, digest, 0, new TextEncoder().encode('<svg onload=alert(1)>'))).status).toBe(400);
  const large = await recordWith({ digest, bytes: 1024 * 1024 + 1 });
  expect((await part(large, digest, 0, photo)).status).toBe(413);
});

it('shows photos to members of the organisation only, and takes none from others', async () => {
  const photo = picture(2000);
  const digest = await digestOf(photo);
  const record = await recordWith({ digest, bytes: photo.length });
  const hanna = await server.signIn('hanna');
  expect(hanna.session.memberships.map(({ org }) => org)).not.toContain('northfield');
  expect((await part(record, digest, 0, photo, hanna)).status).toBe(404);
  await given(record, digest, 0, photo);
  expect((await hanna.get(`/api/photos?org=northfield&record=${record}`)).status).toBe(403);
  expect((await hanna.get(`/api/photos/${digest}?org=northfield`)).status).toBe(403);
  const own = hanna.session.memberships[0]?.org ?? '';
  expect((await hanna.get(`/api/photos/${digest}?org=${own}`)).status).toBe(404);
  expect((await hanna.get(`/api/photos?org=${own}&record=${record}`)).status).toBe(404);
});

/** What an organisation's photos take, and how one part of a photo of northfield goes, in so much room. */
const used = (operator?: string) => server.running.installation.stores.photos.bytesOf('northfield', operator);
const keepIn = (
  quota: number,
  part: { record: string; digest: string; offset: number; data: Uint8Array },
  operator = 'ines',
  ahead = 0,
) =>
  keepPart(
    { ...part, data: toBase64Url(part.data) },
    { operator, orgs: ['northfield'] },
    { ...server.running.installation, quota, clock: { now: () => Date.now() + ahead } },
  );
const NO_ROOM = { ok: false, reason: 'quota' };

async function named(bytes: number) {
  const photo = picture(bytes);
  const digest = await digestOf(photo);
  return { photo, digest, record: await recordWith({ digest, bytes }) };
}

it('keeps an organisation within its room, and goes on with what had begun', async () => {
  const { photo, digest, record } = await named(2000);
  const room = await used();
  const ask = (quota: number) =>
    keepIn(2 * quota, { record, digest, offset: 0, data: new Uint8Array() }, 'sam');
  expect(await keepIn(room + 1999, { record, digest, offset: 0, data: photo }, 'sam')).toEqual(NO_ROOM);
  expect(await ask((await used('sam')) + 1999)).toEqual(NO_ROOM);
  expect(await ask(room + 2000)).toEqual({ ok: true, progress: { digest, have: 0 } });
  const first = { record, digest, offset: 0, data: photo.subarray(0, 1500) };
  expect(await keepIn(2 * room + 4000, first, 'sam')).toMatchObject({ progress: { have: 1500 } });
  // Whoever asks how far it is hears that in no room at all; what follows needs room for itself alone.
  expect(await ask(0)).toEqual({ ok: true, progress: { digest, have: 1500 } });
  const rest = { record, digest, offset: 1500, data: photo.subarray(1500) };
  expect(await keepIn(room + 1999, rest, 'sam')).toEqual(NO_ROOM);
  expect(await keepIn(2 * room + 4000, rest, 'sam')).toMatchObject({
    progress: { kept: expect.any(String) },
  });
  expect(await used()).toBe(room + 2000);
});

it('gives room to bytes that came and to no promise of them', async () => {
  const before = await used();
  for (let n = 0; n < 4; n++) {
    const { digest, record } = await named(1024 * 1024);
    expect(await given(record, digest, 0, new Uint8Array())).toEqual({ digest, have: 0 });
    expect(await given(record, digest, 0, picture(3))).toEqual({ digest, have: 3 });
    // From too far ahead nothing is kept, and nothing is begun.
    const other = await named(1024 * 1024);
    expect(await given(other.record, other.digest, 7, picture(100))).toEqual({
      digest: other.digest,
      have: 0,
    });
  }
  expect(await used()).toBe(before + 12);
  const wrong = await named(4000);
  expect(await given(wrong.record, wrong.digest, 0, picture(4000))).toMatchObject({ have: 0 });
  expect(await used()).toBe(before + 12);
});

it('gives the room of an upload that stopped to the next one, after a week, and lets that one begin anew', async () => {
  const week = 7 * 24 * 3_600_000;
  const stopped = await named(3000);
  const whole = await named(1000);
  const keep = (
    { photo, digest, record }: typeof whole,
    bytes: number,
    quota: number,
    ahead = 0,
    offset = 0,
  ) => keepIn(quota, { record, digest, offset, data: photo.subarray(offset, bytes) }, 'ada', ahead);
  const large = 1024 ** 3;
  expect(await keep(whole, 1000, large)).toMatchObject({ ok: true });
  expect(await keep(stopped, 2000, large)).toMatchObject({ ok: true });
  const next = await named(2000);
  const room = (await used()) + 2000;
  // Less by more than what other tests left unfinished.
  const full = Math.max(room - 1000, 2 * ((await used('ada')) + 1000));
  expect(await keep(next, 2000, full)).toEqual(NO_ROOM);
  expect(await keep(next, 2000, full, week - 60_000)).toEqual(NO_ROOM);
  // Its own beginning is not dropped to make room for its end.
  expect(await keep(stopped, 3000, 10, week + 60_000, 2000)).toEqual(NO_ROOM);
  expect(await given(stopped.record, stopped.digest, 0, new Uint8Array())).toMatchObject({ have: 2000 });
  expect(await keep(next, 2000, full, week + 60_000)).toMatchObject({ ok: true });
  expect(await given(stopped.record, stopped.digest, 0, new Uint8Array())).toMatchObject({ have: 0 });
  // What is complete stays.
  expect((await given(whole.record, whole.digest, 0, new Uint8Array())).kept).toBeDefined();
  expect((await given(stopped.record, stopped.digest, 0, stopped.photo)).kept).toBeDefined();
});

it('lets one person take half of an organisation’s room, and a colleague the rest', async () => {
  const quota = 2 * (await used()) + 20_000;
  let taken = 0;
  for (let room = true; room; taken++) {
    const { photo, digest, record } = await named(5000);
    room = (await keepIn(quota, { record, digest, offset: 0, data: photo }, 'nadia')).ok;
  }
  expect(await used('nadia')).toBeLessThanOrEqual(quota / 2);
  expect(taken).toBeGreaterThan(1);
  const { photo, digest, record } = await named(5000);
  expect(await keepIn(quota, { record, digest, offset: 0, data: photo }, 'nadia')).toEqual(NO_ROOM);
  expect(await keepIn(quota, { record, digest, offset: 0, data: photo }, 'sam')).toMatchObject({ ok: true });
});
