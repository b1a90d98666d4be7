import { beforeEach, describe, expect, it } from 'vitest';
import { PHOTO_PART_BYTES, type PhotoPart, type PhotoProgress } from '../../contract/photo.ts';
import { concat, fromBase64Url, toBase64Url } from '../../core/bytes.ts';
import type { BackendResult } from '../../src/ports/backend.ts';
import { sendPhotos, sendUntilRecords } from '../../src/sync/send-photos.ts';
import { FakeClock } from '../support/device-clock.ts';
import { MemoryPhotos } from '../support/memory-photos.ts';
import { crypto, ORG } from '../support/records.ts';
import { enrolledPhone, type Phone } from './phone.ts';

let phone: Phone;
let photos: MemoryPhotos;
let clock: FakeClock;
/** What the backend has of each, and what was asked of it. */
let have: Map<string, Uint8Array>;
let asked: PhotoPart[];

beforeEach(async () => {
  phone = await enrolledPhone();
  photos = new MemoryPhotos();
  clock = new FakeClock();
  have = new Map();
  asked = [];
});

async function take(part: PhotoPart): Promise<BackendResult<PhotoProgress>> {
  asked.push(part);
  const there = have.get(part.digest) ?? new Uint8Array();
  const data = fromBase64Url(part.data) ?? new Uint8Array();
  const now = part.offset === there.length ? concat(there, data) : there;
  have.set(part.digest, now);
  const bytes = photos.rows.get(part.digest)?.bytes ?? 0;
  if (now.length < bytes) return { ok: true, value: { digest: part.digest, have: now.length } };
  const kept = await sign({ digest: part.digest, bytes });
  return { ok: true, value: { digest: part.digest, have: now.length, kept } };
}

async function sign(over: object, by = phone.statements): Promise<string> {
  const enrolment = await phone.work.enrolment();
  const aud = enrolment?.credential.aud;
  return by.sign('photo+jws', { aud, org: ORG, at: '2026-01-01T00:00:00.000Z', ...over });
}

const photo = (bytes: number, fill = 7) => new Uint8Array(bytes).fill(fill);
const lane = (
  sendPart: (part: PhotoPart) => Promise<BackendResult<PhotoProgress>>,
  signal = new AbortController().signal,
  force = false,
) => sendPhotos({ photos, work: phone.work, backend: { sendPart }, clock, crypto, force }, signal);

describe('the lane of photos', () => {
  it('goes on where the backend says that it stands, and is done with its signature', async () => {
    const data = photo(2 * PHOTO_PART_BYTES + 10);
    const digest = await photos.add(data);
    have.set(digest, data.slice(0, PHOTO_PART_BYTES));
    await lane(take);
    expect(asked.map(({ offset, data }) => [offset, fromBase64Url(data)?.length])).toEqual([
      [0, 0],
      [PHOTO_PART_BYTES, PHOTO_PART_BYTES],
      [2 * PHOTO_PART_BYTES, 10],
    ]);
    expect(have.get(digest)).toEqual(data);
    expect(await photos.next(0, true, new Set())).toBeUndefined();
    expect(photos.rows.get(digest)).toMatchObject({ state: 'kept' });
  });

  it('ends at once when records want to go, and the next time sends no byte twice', async () => {
    const digest = await photos.add(photo(3 * PHOTO_PART_BYTES));
    const control = new AbortController();
    await lane(async (part) => {
      const answer = await take(part);
      if (asked.length === 2) control.abort();
      return answer;
    }, control.signal);
    expect(photos.rows.get(digest)).toMatchObject({ state: 'here' });
    await lane(take);
    const sent = asked.reduce((sum, { data }) => sum + (fromBase64Url(data)?.length ?? 0), 0);
    expect(sent).toBe(3 * PHOTO_PART_BYTES);
    expect(await photos.next(0, true, new Set())).toBeUndefined();
  });

  it('ends at once for a record saved in another tab, not for one that was set aside before', async () => {
    await photos.add(photo(3 * PHOTO_PART_BYTES));
    await phone.capture();
    const { outbox } = phone;
    const backend = {
      async sendPart(part: PhotoPart) {
        const answer = await take(part);
        await outbox.applyChanges(ORG, `c${asked.length}`, []);
        // Another tab's outbox, over the same storage.
        if (asked.length === 2) await phone.capture();
        return answer;
      },
    };
    const ports = { photos, outbox, work: phone.work, backend, clock, crypto, force: false };
    await sendUntilRecords(ports, new AbortController().signal);
    expect(asked).toHaveLength(2);
    expect(phone.storage.listeners.size).toBe(0);
    await sendUntilRecords(ports, new AbortController().signal);
    expect(await photos.next(0, true, new Set())).toBeUndefined();
  });

  it.each([
    ['nothing', async () => undefined],
    [
      'another key',
      async (digest: string, bytes: number) =>
        (await import('../support/records-statements.ts')).TestStatements.create().then((other) =>
          sign({ digest, bytes }, other),
        ),
    ],
    ['another installation', async (digest: string, bytes: number) => sign({ digest, bytes, aud: 'x' })],
    [
      'another photo',
      async (_: string, bytes: number) => sign({ digest: toBase64Url(new Uint8Array(32)), bytes }),
    ],
    ['another size', async (digest: string, bytes: number) => sign({ digest, bytes: bytes + 1 })],
    [
      'another organisation',
      async (digest: string, bytes: number) => sign({ digest, bytes, org: 'elsewhere' }),
    ],
  ])('keeps the bytes when what is said to be kept is signed by or for %s', async (_name, forged) => {
    const data = photo(100);
    const digest = await photos.add(data);
    await lane(async () => {
      const kept = await forged(digest, data.length);
      return { ok: true, value: { digest, have: data.length, ...(kept === undefined ? {} : { kept }) } };
    });
    expect(photos.bytes.get(digest)).toEqual(data);
    expect(photos.rows.get(digest)).toMatchObject({ state: 'here', attempts: 1 });
  });

  it('is tried for ever, later each time; one the backend refuses does not hold up the next', async () => {
    const first = await photos.add(photo(100, 1));
    const second = await photos.add(photo(100, 2));
    const refuse = async (part: PhotoPart): Promise<BackendResult<PhotoProgress>> =>
      part.digest === first
        ? { ok: false, failure: { kind: 'refused', code: 'not_found', detail: '' } }
        : take(part);
    await lane(refuse);
    expect(photos.rows.get(second)).toMatchObject({ state: 'kept' });
    for (let i = 0; i < 40; i++) await lane(refuse, undefined, true);
    expect(photos.rows.get(first)).toMatchObject({ state: 'here', attempts: 41 });
    await lane(take, undefined, true);
    expect(photos.rows.get(first)).toMatchObject({ state: 'kept' });
  });

  it('stops for all where the line is the matter', async () => {
    await photos.add(photo(100, 1));
    await photos.add(photo(100, 2));
    await lane(async (part) => {
      asked.push(part);
      return { ok: false, failure: { kind: 'unreachable' } };
    });
    expect(asked).toHaveLength(1);
    expect(photos.bytes.size).toBe(2);
  });

  it('lets go of what is not any more what was signed for', async () => {
    const digest = toBase64Url(await crypto.sha256(photo(100)));
    await photos.add(photo(100, 9), digest);
    await lane(take);
    expect(asked).toEqual([]);
    expect(photos.rows.get(digest)).toMatchObject({ state: 'broken' });
  });

  it('asks again for what was kept, and sends only what the backend lost', async () => {
    const [here, lost] = [await photos.add(photo(PHOTO_PART_BYTES + 5, 1)), await photos.add(photo(100, 2))];
    await lane(take);
    await photos.askAgain();
    have.delete(lost);
    asked.length = 0;
    await lane(take);
    const sent = asked.filter(({ data }) => data !== '').map(({ digest }) => digest);
    expect(sent).toEqual([lost]);
    expect(asked.map(({ digest }) => digest)).toContain(here);
    expect([...photos.rows.values()].map(({ state }) => state)).toEqual(['kept', 'kept']);
  });
});
