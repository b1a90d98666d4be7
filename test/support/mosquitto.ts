import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { createConnection, createServer } from 'node:net';
import { userInfo } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { connectAsync } from 'mqtt';
import { PATIENCE } from './patience.ts';
import { serverCertificate } from './server-certificate.ts';

const PROGRAM = ['/usr/sbin/mosquitto', '/usr/local/sbin/mosquitto', '/opt/homebrew/sbin/mosquitto'];

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
  const program = PROGRAM.find((path) => existsSync(path));
  if (program === undefined) throw new Error('mosquitto is not installed (Debian: apt install mosquitto)');
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
  let broker = await launch(program, at('mosquitto.conf'), port);
  return {
    port,
    serverCa: readFileSync(at('server-ca.pem')),
    async reload() {
      await end(broker);
      broker = await launch(program, at('mosquitto.conf'), port);
    },
    stop: () => end(broker),
  };
}

async function launch(program: string, config: string, port: number): Promise<ChildProcess> {
  const child = spawn(program, ['-c', config], { stdio: ['ignore', 'ignore', 'pipe'] });
  let said = '';
  child.stderr?.on('data', (chunk) => {
    said += chunk;
  });
  for (let tries = 0; tries < PATIENCE / 50; tries++) {
    if (child.exitCode !== null) throw new Error(`mosquitto ended: ${said}`);
    if (await answers(port)) return child;
    await sleep(50);
  }
  child.kill();
  throw new Error(`mosquitto does not answer: ${said}`);
}

async function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null) return;
  const ended = once(child, 'exit');
  child.kill('SIGTERM');
  await ended;
}

function answers(port: number): Promise<boolean> {
  const { promise, resolve } = Promise.withResolvers<boolean>();
  const socket = createConnection({ port, host: '127.0.0.1' });
  socket.once('connect', () => resolve(true)).once('error', () => resolve(false));
  return promise.finally(() => socket.destroy());
}

async function freePort(): Promise<number> {
  const probe = createServer().listen(0, '127.0.0.1');
  await once(probe, 'listening');
  const address = probe.address();
  probe.close();
  return typeof address === 'object' && address !== null ? address.port : 0;
}

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
