import { beforeEach, describe, expect, it } from 'vitest';
import type { BatchRequest } from '../../contract/batch.ts';
import { enrolledPhone, type Phone, withBackend } from './phone.ts';

let phone: Phone;
/** Batches on their way now, the most there ever were, and how many there were when each began. */
let away: number;
let most: number;
let began: number[];

beforeEach(async () => {
  phone = await enrolledPhone();
  [away, most, began] = [0, 0, []];
});

/** Answers only once the other batch had its chance to be sent. */
function slow(answer = (request: BatchRequest) => phone.backend.postBatch(request)) {
  return withBackend(phone.backend, {
    postBatch: async (request) => {
      began.push(away);
      most = Math.max(most, ++away);
      for (let i = 0; i < 200; i++) await Promise.resolve();
      away--;
      return answer(request);
    },
  });
}

async function capture(count: number, udid?: string): Promise<void> {
  for (let i = 0; i < count; i++) await phone.capture(udid === undefined ? {} : { udid });
}

describe('batches on their way', () => {
  it('are two once the first was answered, and everything arrives once', async () => {
    await capture(520);
    expect(await phone.drain({ backend: slow() })).toMatchObject({ kind: 'done', sent: 520 });
    expect(most).toBe(2);
    // Nobody knows yet whether our backend is there.
    expect(began.slice(0, 2)).toEqual([0, 0]);
    expect(began).toHaveLength(6);
    expect((await phone.outbox.summary()).unsent).toBe(0);
  });

  it('never hold two records of one device apart from their order', async () => {
    await capture(150);
    await capture(30, 'acme-same');
    await capture(150);
    const order: number[] = [];
    const backend = slow((request) => {
      for (const jws of request.records) {
        const [header, payload] = jws
          .split('.')
          .slice(0, 2)
          .map((part) => JSON.parse(String(Buffer.from(part, 'base64url'))));
        if (payload.udid === 'acme-same') order.push(header.seq);
      }
      return phone.backend.postBatch(request);
    });
    expect(await phone.drain({ backend })).toMatchObject({ kind: 'done', sent: 330 });
    expect(order).toEqual([...order].sort((a, b) => a - b));
    expect(order).toHaveLength(30);
  });

  it('end together: when one gets no answer, what the other brought counts', async () => {
    await capture(350);
    let asked = 0;
    const backend = slow(async (request) => {
      asked++;
      return asked === 2 ? { ok: false, failure: { kind: 'unreachable' } } : phone.backend.postBatch(request);
    });
    expect(await phone.drain({ backend })).toMatchObject({
      kind: 'stopped',
      failure: { kind: 'unreachable' },
    });
    const { counts, unsent } = await phone.outbox.summary();
    expect([counts.received, counts.sending ?? 0]).toEqual([200, 0]);
    expect(unsent).toBe(150);
    // After no answer it begins small, one at a time.
    began = [];
    most = 0;
    await phone.drain({ backend: slow(), force: true });
    expect(began.slice(0, 3)).toEqual([0, 0, 0]);
    expect((await phone.outbox.summary()).unsent).toBe(0);
  });
});
