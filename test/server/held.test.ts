import type { Static } from 'typebox/type';
import { Errors } from 'typebox/value';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { HeldRecords as HeldSchema } from '../../contract/approval.ts';
import type { CheckResult } from '../../contract/registration.ts';
import { placeDigest } from '../../core/place.ts';
import { uuid7 } from '../../core/uuid7.ts';
import { nodeCrypto } from '../../server/x509/node-crypto.ts';
import { keep } from '../support/kept-record.ts';
import { HANNA, HARBOUR, OAK_STREET, PRACTICE, startTestServer, type TestServer } from '../support/server.ts';
import { makeDevice, registrationOf } from '../support/server-device.ts';
import { closeFaultless } from '../support/server-faults.ts';
import type { TestOperator } from '../support/server-operator.ts';
import { register } from '../support/server-register.ts';
import { trailOf } from '../support/trail.ts';

let server: TestServer;
let ines: TestOperator;
beforeAll(async () => {
  server = await startTestServer();
  ines = await server.signIn('ines');
});
afterAll(() => closeFaultless(server));

describe('held, for a second person', () => {
  const approvals = (phone: TestOperator) => phone.get('/api/approvals?org=northfield');
  const decide = (phone: TestOperator, record: string, decision: 'approve' | 'refuse') =>
    phone.post(`/api/approvals/${record}?org=northfield`, { decision, reason: 'seen' });

  const trail = async (record: string) =>
    (await trailOf(server.running.installation.stores)).filter(({ subject }) => subject === record);

  it('says of records that register nothing what they ask for', async () => {
    const device = await server.listedDevice();
    const bound = await register(ines, device);
    const late = (more: object) => ({
      id: uuid7(Date.now(), nodeCrypto),
      app: '0.1.0',
      // By a clock that is three days ahead.
      capturedAt: new Date(Date.now() + 3 * 86_400_000).toISOString(),
      ...more,
    });
    const { maker, udid } = device;
    const about = { maker, udid, domain: OAK_STREET };
    const base = await placeDigest({ domain: OAK_STREET }, nodeCrypto);
    const place = { site: 'roof', position: 'Mast 2' };
    const sent = [
      await ines.submit(
        'amendment+jws',
        late({ ...about, registration: bound.record, base, place, because: 'it stands higher' }),
        'northfield',
      ),
      await ines.submit(
        'void+jws',
        late({ of: bound.record, udid, reason: 'undone', because: 'wrong one' }),
        'northfield',
      ),
      await ines.submit(
        'site+jws',
        late({ domain: OAK_STREET, site: 'roof', title: 'Roof top', was: 'Roof' }),
        'northfield',
      ),
      await ines.submit(
        'amendment+jws',
        late({ udid, domain: OAK_STREET, registration: bound.record, base, place }),
        'northfield',
      ),
    ];
    for (const one of sent) expect(one).toMatchObject({ outcome: 'held', code: 'clock_skew' });
    const sam = await server.signIn('sam');
    const { held } = (await approvals(sam)).body as Static<typeof HeldSchema>;
    expect(Errors(HeldSchema, { held })).toEqual([]);
    expect(sent.map(({ record }) => held.find((one) => one.record === record))).toMatchObject([
      { kind: 'amendment', maker, udid, ...place, siteTitle: 'Roof', because: 'it stands higher' },
      { kind: 'void', maker, udid, domain: OAK_STREET, because: 'wrong one' },
      { kind: 'site', domain: OAK_STREET, site: 'roof', siteTitle: 'Roof top', siteWas: 'Roof' },
      // Whose device it is stands in the record that it corrects.
      { kind: 'amendment', maker, udid, domain: OAK_STREET },
    ]);
  });

  it('holds a udid-only row, takes four eyes, and marks it first-use for ever', async () => {
    const device = await server.listedDevice({ row: { anchor: 'udid-only' } });
    const change = await register(ines, device);
    expect(change).toMatchObject({ outcome: 'held', code: 'udid_only_row' });
    expect(change.certificate).toBeUndefined();
    const sam = await server.signIn('sam');
    expect((await approvals(sam)).body).toMatchObject({
      held: expect.arrayContaining([
        expect.objectContaining({ record: change.record, udid: device.udid, operatorName: 'Ines Okafor' }),
      ]),
    });
    expect((await decide(ines, change.record, 'approve')).status).toBe(403);
    const approved = await decide(sam, change.record, 'approve');
    expect(approved.body).toMatchObject({
      outcome: 'bound',
      certificate: { fingerprint: expect.any(String) },
    });
    const { devices } = (await sam.get('/api/devices?org=northfield')).body as { devices: object[] };
    expect(devices).toContainEqual(expect.objectContaining({ udid: device.udid, firstUse: true }));
    expect((await decide(sam, change.record, 'approve')).body).toMatchObject({ code: 'conflict' });
    expect(await trail(change.record)).toEqual([
      expect.objectContaining({ event: 'received', actor: 'ines' }),
      expect.objectContaining({ event: 'held: udid_only_row', actor: 'rules' }),
      expect.objectContaining({ event: 'approved', actor: 'sam', detail: 'because: seen' }),
      expect.objectContaining({ event: 'intended', actor: 'sam' }),
      expect.objectContaining({ event: 'bound', actor: 'sam' }),
    ]);
  });

  it('shows whoever decides what failed, what label, device and list say, why, and where', async () => {
    const listed = await server.listedDevice({
      row: { aliases: ['SN-0042'], model: 'Meter 42', order: 'PO-7' },
    });
    const other = await makeDevice();
    const checks: CheckResult[] = [
      { check: 'on_list', result: 'passed' },
      { check: 'list_key', result: 'failed', code: 'key_mismatch' },
    ];
    const location = { latitude: 59.3, longitude: 18.1, accuracyMetres: 12 };
    const change = await register(ines, other, {
      udid: listed.udid,
      asFound: true,
      because: 'The board was swapped',
      checks,
      place: { site: 'basement', position: 'Cabinet 4', location, photos: [] },
    });
    expect(change.outcome).toBe('held');
    const sam = await server.signIn('sam');
    const { held } = (await approvals(sam)).body as Static<typeof HeldSchema>;
    const shown = held.find(({ record }) => record === change.record);
    expect([Errors(HeldSchema, { held }), shown]).toMatchObject([
      [],
      {
        domainTitle: 'Oak Street 12',
        site: 'basement',
        siteTitle: 'Basement, plant room',
        position: 'Cabinet 4',
        location,
        model: 'Meter 42',
        because: 'The board was swapped',
        evidence: { list: { names: [listed.udid, 'SN-0042'], model: 'Meter 42', order: 'PO-7' }, checks },
      },
    ]);
    const { device, list } = shown?.evidence ?? {};
    expect(device?.key).toBe(await nodeCrypto.digest(other.spki));
    expect(list?.key).toBe(await nodeCrypto.digest(listed.spki));
  });

  it('shows where the device stands by now, by the names that people know, of a closed site too', async () => {
    const device = await server.listedDevice();
    const made = await server.fieldbind('site', 'add', OAK_STREET, '--title', 'Wash house');
    expect(made).toMatchObject({ code: 0 });
    const first = await register(ines, device, { place: { site: 'roof', position: 'Mast 2', photos: [] } });
    const digest = (spot: object) => placeDigest({ domain: OAK_STREET, ...spot }, nodeCrypto);
    const correction = {
      ...{ id: uuid7(Date.now(), nodeCrypto), app: '1', capturedAt: new Date().toISOString() },
      ...{ registration: first.record, udid: device.udid, domain: OAK_STREET },
      base: await digest({ site: 'roof', position: 'Mast 2' }),
      place: { site: 'wash-house', position: 'Shelf 3' },
    };
    const corrected = await ines.submit('amendment+jws', correction, 'northfield');
    expect(corrected).toMatchObject({ outcome: 'noted' });
    expect(await server.fieldbind('site', 'close', OAK_STREET, 'wash-house')).toMatchObject({ code: 0 });
    const from = { domain: OAK_STREET, place: await digest({ site: 'wash-house', position: 'Shelf 3' }) };
    const change = await register(ines, device, { from }, HARBOUR);
    expect(change).toMatchObject({ outcome: 'held', code: 'possession_needed' });
    const { held } = (await approvals(await server.signIn('sam'))).body as Static<typeof HeldSchema>;
    expect(held.find(({ record }) => record === change.record)?.stands).toMatchObject({
      domain: OAK_STREET,
      domainTitle: 'Oak Street 12',
      site: 'wash-house',
      siteTitle: 'Wash house',
      position: 'Shelf 3',
    });
  });

  it('shows no row and no binding of another organisation', async () => {
    const theirs = await server.listedDevice({
      org: 'hanna-home',
      row: { model: 'Heat pump 9', order: 'PO-9' },
    });
    // Held while it is bound nowhere: once it is, another organisation's claim is a case for that one's people.
    const change = await register(ines, theirs);
    expect(change).toMatchObject({ outcome: 'held', code: 'transfer_case' });
    const hanna = await server.signIn('hanna');
    const bound = registrationOf(theirs, HANNA);
    expect(await hanna.submit('registration+jws', bound, 'hanna-home')).toMatchObject({ outcome: 'bound' });
    const sam = await server.signIn('sam');
    const { held } = (await approvals(sam)).body as Static<typeof HeldSchema>;
    const shown = held.find(({ record }) => record === change.record);
    expect(shown).toMatchObject({ udid: theirs.udid, evidence: { device: { driver: 'zephyr-cred' } } });
    expect(shown?.evidence).not.toHaveProperty('list');
    expect(shown).not.toHaveProperty('stands');
    expect(JSON.stringify(held)).not.toMatch(/Heat pump 9|PO-9/);
  });

  it('shows no title of another organisation, whatever domain and record are named', async () => {
    const made = await server.fieldbind('site', 'add', HANNA, '--title', 'Sauna hut');
    expect(made).toMatchObject({ code: 0 });
    const hanna = await server.signIn('hanna');
    const theirs = await server.listedDevice({ org: 'hanna-home' });
    const bound = registrationOf(theirs, HANNA);
    expect(await hanna.submit('registration+jws', bound, 'hanna-home')).toMatchObject({ outcome: 'bound' });
    const other = registrationOf(await server.listedDevice(), OAK_STREET);
    expect(await ines.submit('registration+jws', other, 'northfield')).toMatchObject({ outcome: 'bound' });
    const { stores } = server.running.installation;
    const there = await stores.records.record(
      (await register(ines, await makeDevice(), { asFound: true })).record,
    );
    if (there === undefined) throw new Error('the record is missing');
    const { udid } = theirs;
    const spot = { site: 'sauna-hut', position: 'Mast 2' };
    const stamp = () => ({ id: uuid7(Date.now(), nodeCrypto), app: '1', capturedAt: there.capturedAt });
    const base = await placeDigest({ domain: HANNA }, nodeCrypto);
    const takeBack = { udid, reason: 'undone' };
    const said = [
      ['amendment+jws', { ...stamp(), registration: bound.id, udid, domain: HANNA, base, place: spot }],
      ['void+jws', { ...stamp(), ...takeBack, of: bound.id }],
      ['void+jws', { ...stamp(), ...takeBack, of: other.id }],
      ['site+jws', { ...stamp(), domain: HANNA, site: 'sauna-hut', title: 'Hut' }],
      ['registration+jws', registrationOf(await makeDevice(), HANNA, { place: { ...spot, photos: [] } })],
    ] as const;
    // Whatever a revoked person's phone brings is held before anybody asks whose the domain is.
    for (const [typ, payload] of said)
      await keep(stores, {
        ...there,
        ...{ id: payload.id, digest: `of ${payload.id}`, payload },
        header: { ...there.header, typ },
        udid: 'udid' in payload ? payload.udid : null,
      });
    const { held } = (await approvals(await server.signIn('sam'))).body as Static<typeof HeldSchema>;
    const shown = said.map(([, { id }]) => held.find(({ record }) => record === id));
    expect(shown).toMatchObject([
      { kind: 'amendment', site: 'sauna-hut' },
      { kind: 'void', domain: 'unknown' },
      { kind: 'void', domain: 'unknown' },
      { kind: 'site', siteTitle: 'Hut' },
      { site: 'sauna-hut' },
    ]);
    for (const one of shown) {
      expect(one).not.toHaveProperty('domainTitle');
      expect(JSON.stringify(one)).not.toContain('Sauna hut');
    }
    const done = { outcome: 'refused', code: null, decidedAt: there.receivedAt, binding: null } as const;
    for (const [, { id }] of said) await stores.records.settle(id, done);
  });

  it('says who decided to the phones of the organisation', async () => {
    const change = await register(ines, await makeDevice(), { asFound: true });
    expect(change.by).toBeUndefined();
    const sam = await server.signIn('sam');
    await decide(sam, change.record, 'refuse');
    expect(await ines.outcome(change.record, 'northfield')).toMatchObject({
      outcome: 'refused',
      detail: 'seen',
      by: 'Sam Petrov',
    });
  });

  it('takes no decision without a reason', async () => {
    const change = await register(ines, await makeDevice(), { asFound: true });
    const sam = await server.signIn('sam');
    for (const reason of ['', ' \t']) {
      const path = `/api/approvals/${change.record}?org=northfield`;
      const reply = await sam.post(path, { decision: 'approve', reason });
      expect(reply.body).toMatchObject({ code: 'request_invalid' });
    }
    expect(await ines.outcome(change.record, 'northfield')).toMatchObject({ outcome: 'held' });
  });

  it('has a second person in a home and in practice too', async () => {
    const hanna = await server.signIn('hanna');
    const sam = await server.signIn('sam');
    for (const [org, domain, phone] of [
      ['hanna-home', HANNA, hanna],
      ['training', PRACTICE, ines],
    ] as const) {
      const payload = registrationOf(await makeDevice(), domain, { asFound: true });
      expect(await phone.submit('registration+jws', payload, org)).toMatchObject({ outcome: 'held' });
      const path = `/api/approvals/${payload.id}?org=${org}`;
      const reply = await sam.post(path, { decision: 'approve', reason: 'seen' });
      expect(reply.body).toMatchObject({ outcome: 'bound' });
    }
    expect(sam.session.memberships[0]).toMatchObject({ org: 'northfield' });
  });

  it('lists what waits even where a record speaks of nothing that can be read', async () => {
    const { records } = server.running.installation.stores;
    const sam = await server.signIn('sam');
    const one = await register(ines, await makeDevice(), { asFound: true });
    const there = await records.record(one.record);
    if (there === undefined) throw new Error('the record is missing');
    const odd = [null, 'text', [], { maker: 7, udid: 'A B', domain: {} }, { udid: 'acme-9', domain: 'X' }];
    const ids = odd.map(() => uuid7(Date.now(), nodeCrypto));
    for (const [at, payload] of odd.entries())
      await keep(server.running.installation.stores, {
        ...there,
        id: ids[at] ?? '',
        digest: `odd ${at}`,
        payload,
      });
    const { status, body } = await approvals(sam);
    expect([status, Errors(HeldSchema, body)]).toEqual([200, []]);
    const { held } = body as Static<typeof HeldSchema>;
    expect(held.map(({ record }) => record)).toEqual(expect.arrayContaining([one.record, ...ids]));
    const last = held.find(({ record }) => record === ids.at(-1));
    expect(last).toMatchObject({ maker: 'unknown', udid: 'acme-9', domain: 'unknown' });
    for (const id of ids) {
      const done = { outcome: 'refused', code: null, decidedAt: there.receivedAt, binding: null } as const;
      await records.settle(id, done);
    }
  });

  it('holds what was submitted as found, and refuses it at a person’s word', async () => {
    const change = await register(ines, await makeDevice(), { asFound: true });
    expect(change).toMatchObject({ outcome: 'held', code: 'submitted_as_found' });
    const sam = await server.signIn('sam');
    const refused = await decide(sam, change.record, 'refuse');
    expect(refused.body).toMatchObject({ outcome: 'refused', code: 'approval_refused', detail: 'seen' });
    expect((await trail(change.record)).at(-1)).toMatchObject({
      event: 'refused: approval_refused',
      actor: 'sam',
      detail: expect.stringContaining('because: seen'),
    });
  });

  it('lets nobody approve their own record, nor a broken CSR', async () => {
    const sam = await server.signIn('sam');
    const own = await sam.submit(
      'registration+jws',
      registrationOf(await makeDevice(), OAK_STREET, { asFound: true }),
      'northfield',
    );
    expect((await decide(sam, own.record, 'approve')).body).toMatchObject({ code: 'forbidden' });
    const change = await register(ines, await makeDevice(), { asFound: true, device: { csr: 'MAA' } });
    expect(change.outcome).toBe('held');
    const body = (await decide(sam, change.record, 'approve')).body;
    expect(body).toMatchObject({ outcome: 'refused', code: 'csr_malformed' });
  });

  it('lets nobody approve across organisations', async () => {
    const change = await register(ines, await makeDevice(), { asFound: true });
    const hanna = await server.signIn('hanna');
    const reply = await hanna.post(`/api/approvals/${change.record}?org=hanna-home`, {
      decision: 'approve',
      reason: 'mine',
    });
    expect(reply.status).toBe(403);
  });
});
