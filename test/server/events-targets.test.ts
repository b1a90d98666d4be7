import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { deliveries } from '../../server/outside/events/deliveries.ts';
import { addReceiver, removeReceiver } from '../../server/outside/events/receivers.ts';
import { isPublicAddress } from '../../server/outside/public-address.ts';
import { EVENT_KINDS } from '../../server/ports/events.ts';
import type { Receiver } from '../../server/ports/receivers.ts';
import { type EventReceiver, startReceiver } from '../support/event-receiver.ts';
import { openssl } from '../support/openssl.ts';
import { startTestServer, type TestServer } from '../support/server.ts';
import { closeFaultless } from '../support/server-faults.ts';

let server: TestServer;
let hook: EventReceiver;
beforeAll(async () => {
  hook = await startReceiver();
  // Tells nobody anything by itself.
  server = await startTestServer({ events: { allowed: [hook.host], files: undefined }, tell: 3_600_000 });
});
afterAll(async () => {
  await closeFaultless(server);
  await hook.close();
});

/** A receiver that stands in no database. */
function hookAt(target: string): Receiver {
  const made = { madeAt: '', madeBy: '' };
  return {
    name: 'safe',
    org: 'northfield',
    kind: 'webhook',
    target,
    topic: null,
    kinds: EVENT_KINDS,
    ...made,
  };
}

describe('where it goes', () => {
  it('is no address of this machine or its network, by number or by name', async () => {
    for (const closed of [
      ...['127.0.0.1', '10.1.2.3', '172.31.0.1', '192.168.1.1', '169.254.169.254', '100.64.0.1', '0.0.0.0'],
      ...[
        '224.0.0.1',
        '255.255.255.255',
        '::1',
        '::',
        'fe80::1',
        'fd00::1',
        '::ffff:127.0.0.1',
        '64:ff9b::7f00:1',
      ],
      ...['2002:7f00:1::', '2001:db8::1', 'localhost', ''],
    ])
      expect([closed, isPublicAddress(closed)]).toEqual([closed, false]);
    for (const open of ['8.8.8.8', '2606:4700::1111'])
      expect([open, isPublicAddress(open)]).toEqual([open, true]);
    const port = new URL(hook.url).port;
    const closed = deliveries({ allowed: [], files: undefined });
    const receiver = { name: 's', org: 'northfield', topic: 't', kinds: EVENT_KINDS, madeAt: '', madeBy: '' };
    for (const target of [
      hook.url,
      `https://127.0.0.1:${port}/`,
      `https://localhost:${port}/`,
      `https://[::1]:${port}/`,
      `https://[::ffff:127.0.0.1]:${port}/`,
      `https://2130706433:${port}/`,
    ])
      expect([
        target,
        await closed.deliver({ ...receiver, kind: 'webhook', target }, { kind: 'test', jws: 'x' }),
      ]).toEqual([target, { ok: false, fault: 'address_refused' }]);
    for (const target of [
      `mqtt://localhost:${port}`,
      `mqtts://localhost:${port}`,
      `mqtts://127.0.0.1:${port}`,
    ])
      expect([
        target,
        await closed.deliver({ ...receiver, kind: 'mqtt', target }, { kind: 'test', jws: 'x' }),
      ]).toEqual([target, { ok: false, fault: 'address_refused' }]);
  });

  it('is a webhook whose certificate leads to a root that we trust, or that lies in its file', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'fieldbind-hook-'));
    const at = (name: string) => join(folder, name);
    const key = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-days', '2'];
    const files = ['-keyout', at('key.pem'), '-out', at('cert.pem'), '-subj', '/CN=hook'];
    await openssl('req', '-x509', ...key, ...files, '-addext', 'subjectAltName=IP:127.0.0.1');
    const [cert, own] = [readFileSync(at('cert.pem')), readFileSync(at('key.pem'))];
    const safe = await startReceiver({ cert, key: own });
    const way = deliveries({ allowed: [safe.host], files: folder });
    const receiver = hookAt(safe.url);
    const event = { kind: 'test', jws: 'a.b.c' };
    expect(await way.deliver(receiver, event)).toEqual({ ok: false, fault: 'not_trusted' });
    expect(safe.came).toEqual([]);
    writeFileSync(at('safe.ca.pem'), cert);
    expect(await way.deliver(receiver, event)).toEqual({ ok: true });
    expect(safe.came).toEqual(['a.b.c']);
    await safe.close();
    rmSync(folder, { recursive: true });
  });

  it('is given up on after its time, however slowly it answers', async () => {
    const way = deliveries({ allowed: [hook.host], files: undefined, patience: 200 });
    hook.answers.push(() => undefined);
    const receiver = hookAt(hook.url);
    expect(await way.deliver(receiver, { kind: 'test', jws: 'a.b.c' })).toEqual({
      ok: false,
      fault: 'timed_out',
    });
  });

  it('is named without a secret, and tried on request', async () => {
    const add = (target: string, org = 'northfield', name = 'bad') =>
      addReceiver(
        { name, org, target, topic: undefined, kinds: EVENT_KINDS, by: 'test' },
        server.running.installation,
      );
    for (const to of [
      'https://user:pass@example.org/',
      'ftp://example.org/',
      'example.org',
      'file:///etc/passwd',
    ])
      expect(await add(to)).toBe('address_not_allowed');
    expect(await add(hook.url, 'nobody')).toBe('org_unknown');
    const words = ['events', 'add', 'tried', '--org', 'northfield', '--to', hook.url];
    expect(await server.fieldbind(...words, '--kinds', 'all')).toMatchObject({ code: 2 });
    expect(await server.fieldbind(...words)).toMatchObject({ code: 0 });
    expect(await add(hook.url, 'northfield', 'tried')).toBe('name_taken');
    // The command was not told that this machine's own address may be used.
    expect(await server.fieldbind('events', 'test', 'tried')).toEqual({
      code: 1,
      out: 'not taken: address_refused\n',
    });
    expect((await server.fieldbind('events', 'remove', 'tried')).code).toBe(0);
    expect(await removeReceiver('tried', 'test', server.running.installation)).toBe(false);
  });
});
