import { gunzipSync } from 'node:zlib';
import { describe, expect, test } from 'vitest';
import type { AuthenticationResponse, RegistrationResponse } from '../../contract/account.ts';
import { BatchRequest } from '../../contract/batch.ts';
import { parse } from '../../contract/parse.ts';
import { accountClient } from '../../src/backend/account-client.ts';
import { deskClient } from '../../src/backend/desk-client.ts';
import { ownAccountClient } from '../../src/backend/own-account-client.ts';
import { passkeyClient } from '../../src/backend/passkey-client.ts';
import { peopleClient } from '../../src/backend/people-client.ts';
import { sessionClient } from '../../src/backend/session-client.ts';
import { syncClient } from '../../src/backend/sync-client.ts';
import { change, digest, EPOCH, listRow, ORG, recordId, session } from '../support/records.ts';
import { realServer } from './server.ts';

const server = realServer();
const { signal } = new AbortController();
const at = '2026-01-01T00:00:00.000Z';
const notOurs = { ok: false, failure: { kind: 'not_our_backend' } };
const batch: BatchRequest = {
  batch: EPOCH,
  nonce: 'n'.repeat(22),
  head: null,
  records: ['a.b.c', 'd.e.f'],
};
const result = { digest: digest(1), status: 'received' };

/** Answers with what the query's nonce makes of it. */
function echo(body: (nonce: string) => object): void {
  server.answer(({ url = '' }, response) => {
    const nonce = new URL(url, 'http://x').searchParams.get('nonce') ?? '';
    response.writeHead(200, { 'content-type': 'application/json' });
    response.end(JSON.stringify(body(nonce)));
  });
}

describe('a batch', () => {
  const answer = { batch: batch.batch, nonce: batch.nonce, at, results: [result, result] };

  test('goes compressed, and is what the contract says once unpacked', async () => {
    server.json(200, answer);
    expect(await syncClient.postBatch(batch, signal)).toEqual({ ok: true, value: answer });
    const [seen] = server.seen;
    expect(seen).toMatchObject({ method: 'POST', url: '/api/records' });
    expect(seen?.headers['content-encoding']).toBe('gzip');
    expect(seen?.headers['content-type']).toBe('application/json');
    const sent: unknown = JSON.parse(gunzipSync(seen?.body ?? '').toString());
    expect(parse(BatchRequest, sent)).toEqual(batch);
  });

  test('that repeats itself becomes much smaller', async () => {
    server.json(200, answer);
    const records = Array.from({ length: 2 }, () => `${'abc'.repeat(5000)}.b.c`);
    await syncClient.postBatch({ ...batch, records }, signal);
    expect(server.seen[0]?.body.length).toBeLessThan(2000);
  });

  test.each([
    ['another nonce', { nonce: 'm'.repeat(22) }],
    ['another batch', { batch: '22222222-2222-4222-8222-222222222222' }],
    ['a result too few', { results: [result] }],
    ['a result too many', { results: [result, result, result] }],
    ['a status unknown to us', { results: [result, { ...result, status: 'lost' }] }],
    ['no time', { at: 'now' }],
  ])('answered with %s is not answered by our backend', async (_, over) => {
    server.json(200, { ...answer, ...over });
    expect(await syncClient.postBatch(batch, signal)).toEqual(notOurs);
  });
});

describe('changes', () => {
  const answer = { cursor: 'c2', more: false, changes: [change(recordId(1))] };

  test('are asked for after a cursor and with a nonce of their own', async () => {
    echo((nonce) => ({ ...answer, nonce }));
    expect(await syncClient.changes(ORG, 'c1', signal)).toMatchObject({ ok: true, value: answer });
    const query = new URL(server.seen[0]?.url ?? '', 'http://x').searchParams;
    expect([query.get('org'), query.get('after')]).toEqual([ORG, 'c1']);
    await syncClient.changes(ORG, 'c1', signal);
    const again = new URL(server.seen[1]?.url ?? '', 'http://x').searchParams;
    expect(again.get('nonce')).not.toBe(query.get('nonce'));
  });

  test('from a cache are not taken', async () => {
    server.json(200, { ...answer, nonce: 'n'.repeat(22) });
    expect(await syncClient.changes(ORG, '', signal)).toEqual(notOurs);
  });
});

describe('the probe', () => {
  test('is answered only by who knows the nonce', async () => {
    echo((nonce) => ({ nonce, at }));
    expect(await syncClient.probe(signal)).toEqual({ ok: true, value: null });
    echo(() => ({ nonce: 'n'.repeat(22), at }));
    expect(await syncClient.probe(signal)).toEqual(notOurs);
  });
});

test('statement keys come as they are', async () => {
  server.json(200, { statementKeys: ['a.b.c'] });
  expect(await syncClient.statementKeys(signal)).toEqual({ ok: true, value: ['a.b.c'] });
  server.json(200, { statementKeys: [] });
  expect(await syncClient.statementKeys(signal)).toEqual(notOurs);
});

describe('the list', () => {
  const cursor = `${'l'.repeat(16)}.7.7`;
  const held = { cursor, etag: '"1"' };

  test('is asked for from where it is, and not sent again while nothing has changed', async () => {
    server.json(200, { list: 'a.b.c', digests: 'A'.repeat(16) }, { etag: '"2"' });
    const fresh = { ok: true, value: { list: 'a.b.c', digests: 'A'.repeat(16), etag: '"2"' } };
    expect(await accountClient.listChanges(ORG, null)).toEqual(fresh);
    expect(server.seen[0]?.url).toBe(`/api/list-changes?org=${ORG}&after=`);
    expect(await accountClient.listChanges(ORG, held)).toEqual(fresh);
    expect(server.seen[1]?.url).toBe(`/api/list-changes?org=${ORG}&after=${cursor}`);
    server.answer((_, response) => response.writeHead(304).end());
    expect(await accountClient.listChanges(ORG, held)).toEqual({ ok: true, value: 'unchanged' });
    // Whoever has none cannot be told that it is the same.
    expect(await accountClient.listChanges(ORG, null)).toEqual(notOurs);
  });

  test('without a tag, or of another form, is not taken', async () => {
    server.json(200, { list: 'a.b.c', digests: '' });
    expect(await accountClient.listChanges(ORG, null)).toEqual(notOurs);
    server.json(200, { list: 'a.b', digests: '' }, { etag: '"2"' });
    expect(await accountClient.listChanges(ORG, null)).toEqual(notOurs);
  });
});

describe('the work pack', () => {
  test('comes with its tag; the same one is not sent again', async () => {
    server.json(200, { pack: 'a.b.c' }, { etag: '"1"' });
    const fresh = { ok: true, value: { jws: 'a.b.c', etag: '"1"' } };
    expect(await accountClient.workPack(ORG, null)).toEqual(fresh);
    expect(server.seen[0]?.headers['if-none-match']).toBeUndefined();
    server.answer((_, response) => response.writeHead(304).end());
    expect(await accountClient.workPack(ORG, '"1"')).toEqual({ ok: true, value: 'unchanged' });
    expect(server.seen[1]?.headers['if-none-match']).toBe('"1"');
    expect(server.seen[1]?.url).toBe(`/api/work-pack?org=${ORG}&list=apart`);
  });

  test('without a tag, or "unchanged" for a phone that holds none, is not ours', async () => {
    server.json(200, { pack: 'a.b.c' });
    expect(await accountClient.workPack(ORG, null)).toEqual(notOurs);
    server.answer((_, response) => response.writeHead(304).end());
    expect(await accountClient.workPack(ORG, null)).toEqual(notOurs);
  });
});

describe('the account', () => {
  test.each([
    ['signInOptions', () => accountClient.signInOptions(), 'GET', '/api/sign-in', { demo: [] }],
    ['signIn', () => accountClient.signIn('anna'), 'POST', '/api/sign-in', session()],
    ['session', () => accountClient.session(), 'GET', '/api/session', session()],
    [
      'enrolChallenge',
      () => accountClient.enrolChallenge(),
      'POST',
      '/api/operator-keys/challenge',
      { nonce: digest(1), expiresAt: at },
    ],
    [
      'enrol',
      () => accountClient.enrol('a.b.c'),
      'POST',
      '/api/operator-keys',
      { credential: 'a.b.c', statementKeys: ['a.b.c'] },
    ],
  ] as const)(
    '%s asks the right place and believes only the right shape',
    async (_, call, method, url, good) => {
      server.json(200, good);
      expect(await call()).toEqual({ ok: true, value: good });
      expect(server.seen[0]).toMatchObject({ method, url });
      server.json(200, { other: true });
      expect(await call()).toEqual(notOurs);
      server.problem(401, 'unauthenticated');
      expect(await call()).toEqual({ ok: false, failure: { kind: 'signed_out' } });
    },
  );

  test('signing out', async () => {
    server.json(200, {});
    expect(await accountClient.signOut()).toEqual({ ok: true, value: null });
    server.problem(503, 'unavailable');
    expect(await accountClient.signOut()).toMatchObject({ ok: false, failure: { kind: 'busy' } });
  });
});

describe('people and their accounts', () => {
  const token = digest(7);
  const invited = { id: '0190a3b2-7c00-4000-8000-000000000001', link: 'l', expiresAt: at, waits: false };
  const challenge = {
    ...{ rpId: 'h', challenge: 'AA', timeout: 1, userVerification: 'required', allowCredentials: [] },
  };
  const shown = { id: 'AA' } as AuthenticationResponse;
  const made = { id: 'AA' } as RegistrationResponse;
  const options = {
    rp: { id: 'h', name: 'n' },
    user: { id: 'AA', name: 'n', displayName: 'n' },
    ...{ challenge: 'AA', pubKeyCredParams: [], timeout: 1, excludeCredentials: [], attestation: 'none' },
    authenticatorSelection: {
      ...{ residentKey: 'required', requireResidentKey: true, userVerification: 'required' },
    },
  };
  test.each([
    ['askToSignIn', () => passkeyClient.askToSignIn(), '/api/passkeys/challenge', {}, challenge],
    ['signIn', () => passkeyClient.signIn(shown), '/api/passkeys/sign-in', { response: shown }, session()],
    [
      'readInvitation',
      () => passkeyClient.readInvitation(token),
      '/api/invitations/read',
      { token },
      { kind: 'join', expiresAt: at },
    ],
    [
      'accept',
      () => passkeyClient.accept(token, { name: 'Ines' }),
      '/api/invitations/accept',
      { token, name: 'Ines' },
      options,
    ],
    [
      'take',
      () => passkeyClient.take(token, made),
      '/api/invitations/take',
      { token, response: made },
      session(),
    ],
    ['joinAs', () => passkeyClient.joinAs(token), '/api/invitations/join', { token }, session()],
    ['anotherDevice', () => ownAccountClient.anotherDevice(), '/api/invitations/device', {}, invited],
    [
      'invite',
      () => peopleClient.invite(ORG, { name: 'Ines', role: 'owner' }),
      `/api/invitations?org=${ORG}`,
      { name: 'Ines', role: 'owner' },
      invited,
    ],
  ] as readonly (readonly [string, () => Promise<unknown>, string, object, object])[])(
    '%s sends what it was told, and believes only the right shape',
    async (_, call, url, body, good) => {
      server.json(200, good);
      expect(await call()).toEqual({ ok: true, value: good });
      expect(server.seen[0]).toMatchObject({ method: 'POST', url });
      expect(JSON.parse(String(server.seen[0]?.body))).toEqual(body);
      server.json(200, { other: true });
      expect(await call()).toEqual(notOurs);
    },
  );

  test.each([
    ['endPasskey', () => ownAccountClient.endPasskey('AA'), '/api/passkeys/end', { id: 'AA' }],
    [
      'endPhone',
      () => ownAccountClient.endPhone(digest(1), 'lost'),
      `/api/own-phones/${digest(1)}`,
      { because: 'lost' },
    ],
    [
      'approve',
      () => peopleClient.answerInvitation(ORG, invited.id, 'approve'),
      `/api/invitations/${invited.id}/approve?org=${ORG}`,
      {},
    ],
    [
      'another role',
      () => peopleClient.changeRole(ORG, 'ines', 'support', 'moved'),
      `/api/people/ines/role?org=${ORG}`,
      { role: 'support', because: 'moved' },
    ],
    [
      'no role',
      () => peopleClient.changeRole(ORG, 'ines', undefined, 'left'),
      `/api/people/ines/role?org=${ORG}`,
      { because: 'left' },
    ],
    [
      'a phone',
      () => peopleClient.endPhone(ORG, 'ines', digest(1), 'lost'),
      `/api/people/ines/phones/${digest(1)}?org=${ORG}`,
      { because: 'lost' },
    ],
    [
      'sessions',
      () => peopleClient.endSessions(ORG, 'ines', 'lost'),
      `/api/people/ines/sessions?org=${ORG}`,
      { because: 'lost' },
    ],
  ] as readonly (readonly [string, () => Promise<unknown>, string, object])[])(
    'ends or changes: %s',
    async (_, call, url, body) => {
      server.json(200, {});
      expect(await call()).toEqual({ ok: true, value: null });
      expect(server.seen[0]).toMatchObject({ method: 'POST', url });
      expect(JSON.parse(String(server.seen[0]?.body))).toEqual(body);
      server.problem(403, 'sign_in_again');
      expect(await call()).toMatchObject({ ok: false, failure: { kind: 'refused', code: 'sign_in_again' } });
    },
  );

  test('reads lists of one’s own, and an organisation’s people', async () => {
    server.json(200, { passkeys: [] });
    expect(await ownAccountClient.passkeys()).toEqual({ ok: true, value: [] });
    server.json(200, { phones: [] });
    expect(await ownAccountClient.phones()).toEqual({ ok: true, value: [] });
    server.json(200, { people: [], invitations: [] });
    expect(await peopleClient.people(ORG)).toEqual({ ok: true, value: { people: [], invitations: [] } });
    expect(server.seen.map(({ url }) => url)).toEqual([
      '/api/passkeys',
      '/api/own-phones',
      `/api/people?org=${ORG}`,
    ]);
  });
});

describe('the desk', () => {
  test('reads devices and held records of one organisation', async () => {
    server.json(200, { devices: [] });
    expect(await deskClient.devices(ORG)).toEqual({ ok: true, value: [] });
    server.json(200, { held: [] });
    expect(await deskClient.held(ORG)).toEqual({ ok: true, value: [] });
    expect(server.seen.map((seen) => seen.url)).toEqual([
      `/api/devices?org=${ORG}`,
      `/api/approvals?org=${ORG}`,
    ]);
  });

  test('decides with its reason', async () => {
    server.json(200, change(recordId(1)));
    expect(await deskClient.decide(ORG, recordId(1), 'approve', 'seen')).toEqual({ ok: true, value: null });
    expect(server.seen[0]?.url).toBe(`/api/approvals/${recordId(1)}?org=${ORG}`);
    expect(JSON.parse(server.seen[0]?.body.toString() ?? '')).toEqual({
      decision: 'approve',
      reason: 'seen',
    });
  });

  test('asks about transfers, and decides with a reason', async () => {
    server.json(200, { transfers: [] });
    expect(await deskClient.transfers(ORG)).toEqual({ ok: true, value: [] });
    const id = recordId(1);
    server.json(200, { id, result: 'offered' });
    expect(await deskClient.decideTransfer(ORG, id, 'give_up', 'sold')).toEqual({
      ok: true,
      value: 'offered',
    });
    expect(server.seen.map(({ url }) => url)).toEqual([
      `/api/transfers?org=${ORG}`,
      `/api/transfers/${id}?org=${ORG}`,
    ]);
    expect(JSON.parse(server.seen[1]?.body.toString() ?? '')).toEqual({
      decision: 'give_up',
      because: 'sold',
    });
  });

  test("a training row's error is a refusal with its code", async () => {
    server.json(200, { imported: 1, unchanged: 0, errors: [] });
    expect(await deskClient.addTrainingRow(ORG, listRow())).toEqual({ ok: true, value: null });
    server.json(200, { imported: 0, unchanged: 0, errors: [{ row: 1, code: 'udid_taken', detail: 'd' }] });
    expect(await deskClient.addTrainingRow(ORG, listRow())).toEqual({
      ok: false,
      failure: { kind: 'refused', code: 'udid_taken', detail: 'd' },
    });
  });
});

describe('one’s own sessions', () => {
  const one = { id: digest(1), begunAt: at, seenAt: at, expiresAt: at, own: true };

  test('are read as the contract says, and nothing else is', async () => {
    server.json(200, { sessions: [one] });
    expect(await sessionClient.sessions()).toEqual({ ok: true, value: [one] });
    expect(server.seen[0]).toMatchObject({ method: 'GET', url: '/api/sessions' });
    server.json(200, { sessions: [{ ...one, id: '../sign-out' }] });
    expect(await sessionClient.sessions()).toEqual(notOurs);
  });

  test('are ended by their names, one at a time', async () => {
    server.json(200, {});
    expect(await sessionClient.endSession(one.id)).toEqual({ ok: true, value: null });
    expect(server.seen[0]).toMatchObject({ method: 'POST', url: `/api/sessions/${one.id}` });
    server.json(404, {});
    expect(await sessionClient.endSession(one.id)).toMatchObject({ ok: false });
  });
});
