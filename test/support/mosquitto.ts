import { readFileSync, writeFileSync } from 'node:fs';
import { userInfo } from 'node:os';
import { join } from 'node:path';
import { connectAsync } from 'mqtt';
import { freePort } from './free-port.ts';
import { type OwnProgram, startProgram } from './own-program.ts';
import { PATIENCE } from './patience.ts';
import { serverCertificate } from './server-certificate.ts';

export interface Broker {
  readonly port: number;
  /** What devices trust for this broker's certificate, PEM. */
  readonly serverCa: Buffer;
  /** Starts again, with the certificates and the CRL as they are now; live sessions end. */
  reload(): Promise<void>;
  stop(): Promise<void>;
}

/**
 * A mosquitto that asks every client for a certificate under `bundle`, not revoked by `crl`, and takes the certificate's
 * subject as user name. `acl` is its access list. All files lie in `folder`.
 */
export async function startMosquitto(
  folder: string,
  files: { readonly bundle: string; readonly crl: string; readonly acl: string },
): Promise<Broker> {
  const at = (name: string) => join(folder, name);
  await serverCertificate(folder);
  writeFileSync(at('acl'), files.acl);
  const port = await freePort();
  writeFileSync(
    at('mosquitto.conf'),
    [
      'per_listener_settings false',
      `listener ${port} 127.0.0.1`,
      `cafile ${files.bundle}`,
      `crlfile ${files.crl}`,
      `certfile ${at('server.pem')}`,
      `keyfile ${at('server.key')}`,
      'require_certificate true',
      'use_subject_as_username true',
      'allow_anonymous false',
      `acl_file ${at('acl')}`,
      'persistence false',
      'log_dest stderr',
      // Started by root it would change to a user that cannot read this folder.
      `user ${userInfo().username}`,
      '',
    ].join('\n'),
  );
  let broker = await launch(at('mosquitto.conf'), port);
  return {
    port,
    serverCa: readFileSync(at('server-ca.pem')),
    async reload() {
      await broker.stop();
      broker = await launch(at('mosquitto.conf'), port);
    },
    stop: () => broker.stop(),
  };
}

const launch = (config: string, port: number): Promise<OwnProgram> =>
  startProgram('mosquitto', ['-c', config], { debian: 'mosquitto', ports: [port] });

export interface MqttTrial {
  /** False if TLS or MQTT did not let the client in. */
  readonly connected: boolean;
  /** Topics on which it received what it had published there itself. */
  readonly heard: readonly string[];
}

/** Connects as a device would, subscribes and publishes to each topic, and tells which ones carried. */
export async function tryMqtt(
  { port, serverCa }: Pick<Broker, 'port' | 'serverCa'>,
  identity: { readonly cert: string; readonly key: string } | undefined,
  topics: readonly string[],
): Promise<MqttTrial> {
  const heard = new Set<string>();
  const client = await connectAsync({
    host: 'localhost',
    port,
    protocol: 'mqtts',
    ca: serverCa,
    reconnectPeriod: 0,
    connectTimeout: PATIENCE,
    ...identity,
  }).catch(() => undefined);
  if (client === undefined) return { connected: false, heard: [] };
  client.on('message', (topic) => heard.add(topic));
  for (const topic of topics) {
    await client.subscribeAsync(topic, { qos: 1 }).catch(() => undefined);
    // Acknowledged even where the access list drops it (MQTT 3.1.1 section 4.7.2 leaves no other way).
    await client.publishAsync(topic, 'reading', { qos: 1 }).catch(() => undefined);
  }
  // One more round trip: whatever the broker lets through has come before its answer.
  await client.subscribeAsync('end/of/trial', { qos: 0 }).catch(() => undefined);
  await client.endAsync();
  return { connected: true, heard: [...heard].sort() };
}
