import { connect as connectPlain, type Socket } from 'node:net';
import { connect as connectTls } from 'node:tls';
import type { MqttClient } from 'mqtt';
import type { DeliveryResult } from '../../ports/deliveries.ts';
import { faultOf } from '../delivery-fault.ts';
import { AddressRefused, hostOf, mayConnect, publicLookup } from '../public-address.ts';
import type { ReceiverFiles } from './receiver-files.ts';

export interface Publisher {
  publish(topic: string, payload: string): Promise<DeliveryResult>;
  close(): Promise<void>;
}

interface PublisherOptions {
  readonly target: string;
  /** Each connection needs its own: of two with the same, a broker ends the older one (MQTT 3.1.1 section 3.1.4). */
  readonly clientId: string;
  readonly allowed: readonly string[];
  readonly files: ReceiverFiles;
  readonly patience: number;
}

/**
 * Publishes with QoS 1: the broker's PUBACK confirms that it has the event. The socket is created here, since it must
 * not connect to private addresses. The client library is loaded when the first event goes to a broker.
 */
export function mqttPublisher(options: PublisherOptions): Publisher {
  let open: Promise<MqttClient> | undefined;
  return {
    async publish(topic, payload) {
      try {
        open ??= connect(options);
        const client = await open;
        if (!client.connected) throw new Error('the broker ended the connection');
        await within(options.patience, client.publishAsync(topic, payload, { qos: 1 }));
        return { ok: true };
      } catch (error) {
        await end(open);
        open = undefined;
        return { ok: false, fault: mqttFault(error) };
      }
    },
    async close() {
      await end(open);
      open = undefined;
    },
  };
}

class TimedOut extends Error {}

async function connect({
  target,
  clientId,
  allowed,
  files,
  patience,
}: PublisherOptions): Promise<MqttClient> {
  const url = new URL(target);
  if (!mayConnect(url, allowed)) throw new AddressRefused('a private address');
  const { MqttClient } = await import('mqtt');
  const { username, password } = files;
  const { promise, resolve, reject } = Promise.withResolvers<MqttClient>();
  const stream = () => {
    const socket = socketTo(url, allowed, files);
    // The client hides most errors of a socket.
    socket.once('error', reject);
    return socket as never;
  };
  const client = new MqttClient(stream, {
    clientId,
    clean: true,
    protocolVersion: 4,
    // The client must not reconnect by itself: retries follow our own backoff.
    reconnectPeriod: 0,
    connectTimeout: patience,
    ...(username === undefined ? {} : { username }),
    ...(password === undefined ? {} : { password }),
  });
  client.once('connect', () => resolve(client));
  // This listener stays, since a later error must not end the process.
  client.on('error', reject);
  client.once('close', () => reject(new Error('the connection was ended')));
  try {
    return await within(patience, promise);
  } catch (error) {
    client.end(true);
    throw error;
  }
}

function socketTo(url: URL, allowed: readonly string[], { ca, cert, key }: ReceiverFiles): Socket {
  const tls = url.protocol === 'mqtts:';
  const host = hostOf(url);
  const where = {
    host,
    port: Number(url.port) || (tls ? 8883 : 1883),
    ...(allowed.includes(url.host) ? {} : { lookup: publicLookup }),
  };
  if (!tls) return connectPlain(where);
  return connectTls({
    ...where,
    servername: host,
    ...(ca && { ca }),
    ...(cert && { cert }),
    ...(key && { key }),
  });
}

async function within<T>(ms: number, work: Promise<T>): Promise<T> {
  const { promise, reject } = Promise.withResolvers<never>();
  const timer = setTimeout(() => reject(new TimedOut()), ms);
  try {
    return await Promise.race([work, promise]);
  } finally {
    clearTimeout(timer);
  }
}

async function end(open: Promise<MqttClient> | undefined): Promise<void> {
  const client = await open?.catch(() => undefined);
  // Does not wait for an event in flight, which will be delivered again.
  client?.end(true);
}

function mqttFault(error: unknown) {
  if (error instanceof TimedOut) return 'timed_out' as const;
  const code = typeof error === 'object' && error !== null && 'code' in error ? error.code : undefined;
  // CONNACK 4 and 5 (MQTT 3.1.1 section 3.2.2.3): name or password wrong, not authorized.
  if (code === 4 || code === 5) return 'not_authorized' as const;
  return faultOf(error);
}
