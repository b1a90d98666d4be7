import { copyFileSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { connectAsync, type MqttClient } from 'mqtt';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { addReceiver } from '../../server/outside/events/receivers.ts';
import { EVENT_KINDS } from '../../server/ports/events.ts';
import { readToken, type Told } from '../support/event-receiver.ts';
import { type Broker, startMosquitto } from '../support/mosquitto.ts';
import { openssl } from '../support/openssl.ts';
import { OAK_STREET, startTestServer, type TestServer } from '../support/server.ts';
import { registrationOf } from '../support/server-device.ts';

// A broker that asks for a certificate, and lets each client only where its access list says.
const TOPIC = 'fieldbind/northfield';
let folder: string;
let broker: Broker;
let server: TestServer;
let listener: MqttClient;
const now = { at: Date.now() };
const came: { topic: string; token: string }[] = [];
const at = (name: string) => join(folder, name);

/** A client's certificate by a CA that only this broker knows. */
async function clientCertificate(name: string, user: string): Promise<void> {
  const key = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-days', '2'];
  const by = ['-CA', at('clients.pem'), '-CAkey', at('clients.key')];
  const files = ['-keyout', at(`${name}.key.pem`), '-out', at(`${name}.cert.pem`)];
  const leaf = ['-addext', 'basicConstraints=critical,CA:FALSE'];
  const { code, out } = await openssl(
    'req',
    '-x509',
    ...key,
    ...by,
    ...files,
    '-subj',
    `/CN=${user}`,
    ...leaf,
  );
  if (code !== 0) throw new Error(out);
}

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'fieldbind-mqtt-events-'));
  const ca = ['-keyout', at('clients.key'), '-out', at('clients.pem'), '-subj', '/CN=clients'];
  await openssl('req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', ...ca);
  writeFileSync(at('ca.conf'), `[ca]\ndefault_ca=it\n[it]\ndatabase=${at('index')}\ndefault_md=sha256\n`);
  writeFileSync(at('index'), '');
  const signer = ['-cert', at('clients.pem'), '-keyfile', at('clients.key'), '-crldays', '2'];
  await openssl('ca', '-gencrl', '-config', at('ca.conf'), ...signer, '-out', at('crl.pem'));
  await clientCertificate('broker-events', 'backend');
  await clientCertificate('reader', 'reader');
  broker = await startMosquitto(folder, {
    bundle: at('clients.pem'),
    crl: at('crl.pem'),
    acl: `user CN=backend\ntopic write ${TOPIC}/#\nuser CN=reader\ntopic read ${TOPIC}/#\n`,
  });
  copyFileSync(at('server-ca.pem'), at('broker-events.ca.pem'));
  server = await startTestServer({
    clock: { now: () => now.at },
    events: { allowed: [`localhost:${broker.port}`], files: folder },
    tell: 3_600_000,
  });
  await listen();
});
afterAll(async () => {
  await listener?.endAsync();
  await server?.close();
  await broker?.stop();
  rmSync(folder, { recursive: true, force: true });
});

async function listen(): Promise<void> {
  const { port, serverCa } = broker;
  const own = { cert: readFileSync(at('reader.cert.pem')), key: readFileSync(at('reader.key.pem')) };
  listener = await connectAsync({
    host: 'localhost',
    port,
    protocol: 'mqtts',
    ca: serverCa,
    reconnectPeriod: 0,
    ...own,
  });
  listener.on('message', (topic, payload) => came.push({ topic, token: payload.toString() }));
  await listener.subscribeAsync(`${TOPIC}/#`, { qos: 1 });
}

async function bound(): Promise<string> {
  const device = await server.listedDevice();
  const ines = await server.signIn('ines');
  await ines.submit('registration+jws', registrationOf(device, OAK_STREET), 'northfield');
  return device.udid;
}

/** Everything that came, after one more round trip of the reader's: what the broker had for it has come before. */
async function read(): Promise<(Told & { topic: string })[]> {
  await listener.subscribeAsync(`${TOPIC}/end`, { qos: 0 });
  const some = came.splice(0);
  return Promise.all(
    some.map(async ({ topic, token }) => ({ topic, ...(await readToken(server.url, token)) })),
  );
}

const receiverOf = (name: string) => server.running.installation.stores.receivers.receiver(name);

async function add(name: string, topic: string): Promise<void> {
  const target = `mqtts://localhost:${broker.port}`;
  const wanted = { name, org: 'northfield', target, topic, kinds: EVENT_KINDS, by: 'test' };
  expect(await addReceiver(wanted, server.running.installation)).toBeUndefined();
}

describe('mosquitto', () => {
  it('is told over TLS with a certificate of ours, on a topic for each kind', async () => {
    await add('broker-events', TOPIC);
    const udid = await bound();
    await server.running.events.run();
    expect(await read()).toMatchObject([
      { topic: `${TOPIC}/bound`, kind: 'bound', aud: 'broker-events', said: { udid, domain: OAK_STREET } },
    ]);
    expect(await receiverOf('broker-events')).toMatchObject({ fault: null });
  });

  it('is told what happened while it was away, once it is back', async () => {
    await listener.endAsync();
    await broker.stop();
    const udid = await bound();
    await server.running.events.run();
    expect(await receiverOf('broker-events')).toMatchObject({ fault: 'not_reached', tries: 1 });
    await broker.reload();
    await listen();
    now.at += 3_600_000;
    await server.running.events.run();
    expect(await read()).toMatchObject([{ kind: 'bound', said: { udid } }]);
  });

  it('that asks for a certificate we were not given is told nothing', async () => {
    await add('stranger', TOPIC);
    copyFileSync(at('server-ca.pem'), at('stranger.ca.pem'));
    await bound();
    await server.running.events.run();
    expect(await receiverOf('stranger')).toMatchObject({ told: expect.any(Number), tries: 1 });
    expect((await read()).map(({ aud }) => aud)).toEqual(['broker-events']);
  });

  it('whose certificate we do not trust is told nothing', async () => {
    await add('impostor', TOPIC);
    await bound();
    await server.running.events.run();
    expect(await receiverOf('impostor')).toMatchObject({ fault: 'not_trusted', tries: 1 });
  });
});
