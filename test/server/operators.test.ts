import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { Credential, type EnrolChallenge } from '../../contract/operator.ts';
import { parse } from '../../contract/parse.ts';
import { extendStatementKeys, verifyStatement } from '../../core/statement.ts';
import { endPhone } from '../../server/accounts/end-phone.ts';
import { revokeOperator } from '../../server/organisations/revoke-operator.ts';
import { nodeCrypto } from '../../server/x509/node-crypto.ts';
import { OAK_STREET, startTestServer, type TestServer } from '../support/server.ts';
import { registrationOf } from '../support/server-device.ts';
import { closeFaultless } from '../support/server-faults.ts';
import { makeOperatorKey, type TestOperator } from '../support/server-operator.ts';

const DAY = 24 * 3_600_000;
let server: TestServer;
let now: number;
beforeEach(async () => {
  now = Date.now();
  server = await startTestServer({ clock: { now: () => now } });
});
afterEach(() => closeFaultless(server));

async function record(phone: TestOperator, changes: Parameters<typeof registrationOf>[2] = {}) {
  const device = await server.listedDevice();
  const payload = registrationOf(device, OAK_STREET, { capturedAt: new Date(now).toISOString(), ...changes });
  return { payload, ...(await phone.seal('registration+jws', payload, 'northfield')) };
}

async function challenge(phone: TestOperator): Promise<string> {
  return ((await phone.post('/api/operator-keys/challenge', {})).body as EnrolChallenge).nonce;
}

describe('enrolment', () => {
  it('gives a credential of thirty days for the proved key, and renews it', async () => {
    const ines = await server.signIn('ines');
    const enrolled = await ines.enrol();
    const keys = await extendStatementKeys(new Map(), enrolled.statementKeys, ines.session.aud, nodeCrypto);
    const verified = await verifyStatement(enrolled.credential, 'credential+jws', keys, nodeCrypto);
    const credential = verified.ok ? parse(Credential, verified.payload) : undefined;
    expect(credential).toMatchObject({ kid: ines.key.kid, operator: 'ines', maxOfflineSeconds: 14 * 86_400 });
    expect(Date.parse(credential?.notAfter ?? '') - now).toBe(30 * DAY);
    expect(enrolled.previousKid).toBeUndefined();
    now += 20 * DAY;
    await server.signIn('ines', ines.key);
    const periods = await server.running.installation.stores.operatorKeys.credentials(ines.key.kid);
    const latest = Math.max(...periods.map(({ notAfter }) => Date.parse(notAfter)));
    expect(latest - now).toBe(30 * DAY);
  });

  it('takes a nonce once, for the session it was made for, for five minutes', async () => {
    const ines = await server.signIn('ines');
    const nonce = await challenge(ines);
    const proof = await ines.proof(nonce);
    expect((await ines.post('/api/operator-keys', { proof })).status).toBe(200);
    const send = async (text: string) => (await ines.post('/api/operator-keys', { proof: text })).body;
    expect(await send(proof)).toMatchObject({ code: 'nonce_unknown' });
    const others = await challenge(await server.signIn('hanna'));
    expect(await send(await ines.proof(others))).toMatchObject({ code: 'nonce_unknown' });
    const old = await ines.proof(await challenge(ines));
    now += 6 * 60_000;
    expect(await send(old)).toMatchObject({ code: 'nonce_unknown' });
  });

  it('refuses a proof by another key than it shows, and another person’s key', async () => {
    const ines = await server.signIn('ines');
    const mine = await ines.proof(await challenge(ines));
    const forged = `${mine.slice(0, -8)}AAAAAAAA`;
    expect((await ines.post('/api/operator-keys', { proof: forged })).body).toMatchObject({
      code: 'proof_invalid',
    });
    await expect(server.signIn('hanna', ines.key)).rejects.toThrow('conflict');
  });

  it('names the key enrolled before', async () => {
    const first = await server.signIn('ines');
    now += 1000;
    const second = await server.signIn('ines', await makeOperatorKey());
    expect((await second.enrol()).previousKid).toBe(first.key.kid);
  });

  it('goes on under a new statement key, vouched for by the old one', async () => {
    const ines = await server.signIn('ines');
    const before = await ines.enrol();
    const pinned = await extendStatementKeys(new Map(), before.statementKeys, ines.session.aud, nodeCrypto);
    const kid = await server.running.installation.statementKeys.rotate();
    const { jws } = await record(ines);
    const { results } = await ines.send([jws]);
    const receipt = results[0]?.receipt ?? '';
    expect(await verifyStatement(receipt, 'receipt+jws', pinned, nodeCrypto)).toMatchObject({
      reason: 'unknown_key',
    });
    const { statementKeys } = (await ines.get('/api/statement-keys')).body as { statementKeys: string[] };
    const grown = await extendStatementKeys(pinned, statementKeys, ines.session.aud, nodeCrypto);
    expect(grown.has(kid)).toBe(true);
    expect(await verifyStatement(receipt, 'receipt+jws', grown, nodeCrypto)).toMatchObject({ ok: true });
  });
});

describe('time', () => {
  it('accepts what was captured in time and sent long after the credential ended', async () => {
    const ines = await server.signIn('ines');
    now += 5 * DAY;
    const { jws, payload } = await record(ines);
    now += 60 * DAY;
    const courier = await server.signIn('sam');
    await courier.send([jws]);
    expect(await courier.outcome(payload.id, 'northfield')).toMatchObject({ outcome: 'bound' });
  });

  it('holds what was captured too long after contact, and what claims an impossible time', async () => {
    const ines = await server.signIn('ines');
    const start = now;
    now += 15 * DAY;
    const late = await record(ines);
    const future = await record(ines, { capturedAt: new Date(now + 2 * DAY).toISOString() });
    const past = await record(ines, { capturedAt: new Date(start - 2 * DAY).toISOString() });
    const courier = await server.signIn('sam');
    await courier.send([late.jws, future.jws, past.jws]);
    const codes = [];
    for (const { payload } of [late, future, past])
      codes.push((await courier.outcome(payload.id, 'northfield')).code);
    expect(codes).toEqual(['credential_expired', 'clock_skew', 'clock_skew']);
  });
});

const parts = () => ({ ...server.running.installation, notifier: server.running.notifier });
/** Ends what this phone signs, in the one way or the other. */
type End = (phone: TestOperator) => Promise<unknown>;
const WAYS: readonly (readonly [string, End])[] = [
  ['a revoked operator', () => revokeOperator('ines', 'test', server.running.installation)],
  [
    'a lost phone',
    ({ key }) => {
      const lost = {
        kid: key.kid,
        operator: 'ines',
        org: 'northfield',
        by: 'test',
        because: 'in the harbour',
      };
      return endPhone(lost, parts());
    },
  ],
];

describe.each(WAYS)('%s', (_, end) => {
  async function revoke(phone: TestOperator) {
    now += 1000;
    await end(phone);
    now += 1000;
  }

  const HELD = { outcome: 'held', code: 'operator_revoked' };

  /** What becomes of a record that a colleague brings once its author is revoked. */
  async function lateOutcome(phone: TestOperator, { jws, payload }: Awaited<ReturnType<typeof record>>) {
    await revoke(phone);
    const sam = await server.signIn('sam');
    await sam.send([jws]);
    return sam.outcome(payload.id, 'northfield');
  }

  it('has held whatever first arrives after, whatever time it claims', async () => {
    const ines = await server.signIn('ines');
    const late = await record(ines, { capturedAt: new Date(now - DAY / 2).toISOString() });
    expect(await lateOutcome(ines, late)).toMatchObject(HELD);
  });

  it('keeps what a head covers that was reported before, once the chain to it has closed', async () => {
    const ines = await server.signIn('ines');
    const first = await record(ines);
    const second = await record(ines);
    await ines.send([], ines.heartbeat());
    const third = await record(ines);
    await revoke(ines);
    const sam = await server.signIn('sam');
    await sam.send([first.jws]);
    expect(await sam.outcome(first.payload.id, 'northfield')).toMatchObject({ code: 'operator_revoked' });
    await sam.send([second.jws, third.jws]);
    const outcomes = [];
    for (const { payload } of [first, second, third])
      outcomes.push((await sam.outcome(payload.id, 'northfield')).outcome);
    expect(outcomes).toEqual(['bound', 'bound', 'held']);
  });

  it('gains nothing from another record put in the place that the head speaks of', async () => {
    const ines = await server.signIn('ines');
    const start = ines.head;
    await record(ines);
    await ines.send([], ines.heartbeat());
    ines.head = start;
    const late = await record(ines);
    expect(await lateOutcome(ines, late)).toMatchObject(HELD);
  });

  it('gains nothing from a head that somebody else reports, or that comes after', async () => {
    const ines = await server.signIn('ines');
    const { jws, payload } = await record(ines);
    const sam = await server.signIn('sam');
    await sam.send([], ines.heartbeat());
    await revoke(ines);
    await sam.send([jws], ines.heartbeat());
    expect(await sam.outcome(payload.id, 'northfield')).toMatchObject(HELD);
  });
});

describe('a person who was revoked', () => {
  it('is signed out, cannot sign in, and cannot enrol', async () => {
    const ines = await server.signIn('ines');
    await revokeOperator('ines', 'test', server.running.installation);
    expect((await ines.get('/api/session')).status).toBe(401);
    await expect(server.signIn('ines')).rejects.toThrow('unauthenticated');
  });
});

describe('a person whose phone is lost', () => {
  it('goes on with another phone, and the lost one is enrolled no more', async () => {
    const [lost, other] = [await server.signIn('ines'), await server.signIn('ines', await makeOperatorKey())];
    const end = { operator: 'ines', org: 'northfield', by: 'test', because: 'in the harbour' } as const;
    expect(await endPhone({ ...end, kid: lost.key.kid }, parts())).toBe(true);
    expect(await endPhone({ ...end, kid: lost.key.kid }, parts())).toBe(false);
    expect(await endPhone({ ...end, kid: other.key.kid, operator: 'sam' }, parts())).toBe(false);
    await expect(server.signIn('ines', lost.key)).rejects.toThrow();
    const { jws, payload } = await record(other);
    await other.send([jws]);
    expect(await other.outcome(payload.id, 'northfield')).toMatchObject({ outcome: 'bound' });
  });
});
