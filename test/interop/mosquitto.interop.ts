import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { toPem } from '../../core/pem.ts';
import { type Broker, startMosquitto, tryMqtt } from '../support/mosquitto.ts';
import { HANNA, HARBOUR, OAK_STREET, startTestServer, type TestServer } from '../support/server.ts';
import { privateKeyPem, registrationOf } from '../support/server-device.ts';

interface Identity {
  readonly udid: string;
  readonly cert: string;
  readonly key: string;
}

let folder: string;
let server: TestServer;
let broker: Broker;
let oak: Identity;
let harbour: Identity;
let foreign: Identity;
const TOPICS = [`${OAK_STREET}/meter`, `${HARBOUR}/meter`];

/** A device as it stands after installation: its key, its leaf and the chain it sends. */
async function bind(operator: string, org: string, domain: string): Promise<Identity> {
  const device = await server.listedDevice({ org });
  const phone = await server.signIn(operator);
  const change = await phone.submit('registration+jws', registrationOf(device, domain), org);
  const { leafPem = '', chainPem = '' } = change.certificate ?? {};
  return { udid: device.udid, cert: leafPem + chainPem, key: await privateKeyPem(device) };
}

/** The CRL in force, where mosquitto reads it. */
async function writeCrl(): Promise<void> {
  const response = await fetch(`${server.url}/crl/northfield.crl`);
  writeFileSync(join(folder, 'crl.pem'), toPem('X509 CRL', new Uint8Array(await response.arrayBuffer())));
}

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'fieldbind-mosquitto-'));
  server = await startTestServer();
  oak = await bind('ines', 'northfield', OAK_STREET);
  harbour = await bind('ines', 'northfield', HARBOUR);
  foreign = await bind('hanna', 'hanna-home', HANNA);
  const bundle = await fetch(`${server.url}/ca/northfield/bundle.pem`);
  writeFileSync(join(folder, 'bundle.pem'), await bundle.text());
  await writeCrl();
  const line = ({ udid }: Identity, domain: string) =>
    `user CN=${udid},O=${domain}\ntopic readwrite ${domain}/#\n`;
  broker = await startMosquitto(folder, {
    bundle: join(folder, 'bundle.pem'),
    crl: join(folder, 'crl.pem'),
    acl: line(oak, OAK_STREET) + line(harbour, HARBOUR) + line(foreign, HANNA),
  });
});
afterAll(async () => {
  await broker.stop();
  await server.close();
  rmSync(folder, { recursive: true });
});

describe('mosquitto, knowing nothing but bundle, CRL and an access list', () => {
  it('lets a device use its own domain’s topics and nobody else’s', async () => {
    expect(await tryMqtt(broker, oak, TOPICS)).toEqual({ connected: true, heard: [TOPICS[0]] });
    expect(await tryMqtt(broker, harbour, TOPICS)).toEqual({ connected: true, heard: [TOPICS[1]] });
  });

  it('lets in neither another organisation’s device nor one without a certificate', async () => {
    expect(await tryMqtt(broker, foreign, [`${HANNA}/meter`])).toEqual({ connected: false, heard: [] });
    expect(await tryMqtt(broker, undefined, TOPICS)).toEqual({ connected: false, heard: [] });
  });

  it('keeps a device out once it is revoked, and lets its neighbour go on', async () => {
    const revoked = await server.fieldbind(
      'revoke',
      '--udid',
      oak.udid,
      '--maker',
      'acme',
      '--reason',
      'keyCompromise',
    );
    expect(revoked.code).toBe(0);
    await writeCrl();
    await broker.reload();
    expect(await tryMqtt(broker, oak, TOPICS)).toEqual({ connected: false, heard: [] });
    expect(await tryMqtt(broker, harbour, TOPICS)).toEqual({ connected: true, heard: [TOPICS[1]] });
  });
});
