import type { Deliveries } from '../../ports/deliveries.ts';
import { mqttPublisher, type Publisher } from './mqtt-publisher.ts';
import { receiverFiles } from './receiver-files.ts';
import { pushEvent } from './webhook.ts';

export interface DeliveryOptions {
  /** `host` or `host:port` of receivers that may have private addresses, and may be reached without TLS. */
  readonly allowed: readonly string[];
  /** Folder with the receivers' credentials and certificates. */
  readonly files: string | undefined;
  readonly patience?: number;
}

/** Time limit for one event, milliseconds. */
const PATIENCE = 10_000;

/** Delivers events to webhooks and brokers. */
export function deliveries({ allowed, files, patience = PATIENCE }: DeliveryOptions): Deliveries {
  const publishers = new Map<string, Publisher>();
  return {
    async deliver(receiver, { kind, jws }) {
      const { name, target } = receiver;
      const own = { allowed, files: receiverFiles(files, name), patience };
      if (!isSafe(new URL(target), allowed)) return { ok: false, fault: 'address_refused' };
      if (receiver.kind === 'webhook') return pushEvent(target, jws, own);
      const publisher =
        publishers.get(name) ?? mqttPublisher({ ...own, target, clientId: `fieldbind-${name}` });
      publishers.set(name, publisher);
      return publisher.publish(`${receiver.topic}/${kind}`, jws);
    },
    async leave({ name }) {
      await publishers.get(name)?.close();
      publishers.delete(name);
    },
  };
}

/** TLS is required unless the host was explicitly allowed without. */
function isSafe({ protocol, host }: URL, allowed: readonly string[]): boolean {
  return protocol === 'https:' || protocol === 'mqtts:' || allowed.includes(host);
}
