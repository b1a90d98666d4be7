import { expect, test } from 'vitest';
import { fromInstant } from '../../core/instant.ts';
import { isReady, readiness } from '../../src/flow/readiness.ts';
import { digest, makeKey, START, workPack } from '../support/records.ts';
import { enrolmentOf } from '../support/records-backend.ts';

const pack = { pack: workPack(), digest: digest(1), etag: '"1"' };

async function parts() {
  return { enrolment: enrolmentOf(await makeKey()), pack, shell: true };
}

test('everything there and good is ready', async () => {
  expect(isReady(readiness(await parts(), START))).toBe(true);
});

test('each missing or expired part is named, and one is enough', async () => {
  const all = await parts();
  const { credential } = all.enrolment;
  const cases = [
    [readiness({ ...all, enrolment: undefined }, START), { operator: 'missing' }],
    [
      readiness({ ...all, enrolment: { ...all.enrolment, persistent: false } }, START),
      { operator: 'session_only' },
    ],
    [readiness(all, fromInstant(credential.notAfter)), { operator: 'expired' }],
    [readiness({ ...all, pack: undefined }, START), { pack: 'missing' }],
    [readiness(all, fromInstant(pack.pack.notAfter)), { pack: 'expired' }],
    [readiness({ ...all, shell: false }, START), { shell: false }],
  ] as const;
  for (const [found, expected] of cases) {
    expect(found).toMatchObject(expected);
    expect(isReady(found)).toBe(false);
  }
});
