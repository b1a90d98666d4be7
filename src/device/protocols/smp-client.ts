import { decode, encode } from 'cborg';
import type { Bytes } from '../../../core/bytes.ts';
import type { Timer } from '../../../core/clock.ts';
import { DeviceError } from '../../ports/device.ts';
import { decodeSmp, encodeSmp, type SmpOperation, type SmpPacket } from './smp-packet.ts';
import { within } from './within.ts';

/** Carries whole SMP packets, however the link cuts them. */
export interface SmpCarrier {
  readonly lost: AbortSignal;
  send(packet: Uint8Array, signal: AbortSignal): Promise<void>;
  onPacket(take: (packet: Bytes) => void): void;
}

export interface SmpRequest {
  readonly operation: 'read' | 'write';
  readonly group: number;
  readonly command: number;
  readonly body: Readonly<Record<string, unknown>>;
  /** Time for the whole exchange; 5 s if left out. */
  readonly limitMs?: number;
}

/** A response's map. Keys and types are the device's word: check each before use. */
export type SmpReply = ReadonlyMap<string, unknown>;

/** How a device refused: `group` with a code of that group's own (version 2), or without one a code of SMP's (mgmt_defines.h). */
export interface SmpRefusal {
  readonly group: number | undefined;
  readonly code: number;
}

/** SMP's own code for a command or a group that this firmware lacks (MGMT_ERR_ENOTSUP). */
export const NOT_SUPPORTED = 8;

export type SmpOutcome =
  | { readonly reply: SmpReply; readonly refused?: never }
  | { readonly reply: SmpReply; readonly refused: SmpRefusal };

/** SMP requests, one after the other: devices have few buffers, and one in flight keeps any of them from filling. */
export class SmpClient {
  readonly #carrier: SmpCarrier;
  readonly #clock: Timer;
  #last: Promise<unknown> = Promise.resolve();
  #sequence = 0;
  #version = 1;
  #take: ((packet: SmpPacket) => void) | undefined;

  constructor(carrier: SmpCarrier, clock: Timer) {
    this.#carrier = carrier;
    this.#clock = clock;
    carrier.onPacket((bytes) => {
      const packet = decodeSmp(bytes);
      if (packet !== undefined) this.#take?.(packet);
    });
  }

  /** @throws DeviceError `device_refused` if the device answers with an error, `device_garbage` if not with a map */
  async request(request: SmpRequest, signal: AbortSignal): Promise<SmpReply> {
    const { reply, refused } = await this.ask(request, signal);
    if (refused !== undefined) throw new DeviceError('device_refused', 'SMP reply');
    return reply;
  }

  /** As `request`, for who wants to know how the device refused. */
  ask(request: SmpRequest, signal: AbortSignal): Promise<SmpOutcome> {
    const mine = this.#last.then(() => this.#exchange(request, signal));
    this.#last = mine.catch(() => undefined);
    return mine;
  }

  async #exchange(request: SmpRequest, signal: AbortSignal): Promise<SmpOutcome> {
    const sequence = this.#sequence;
    this.#sequence = (sequence + 1) & 0xff;
    const answer = new Promise<SmpPacket>((resolve) => {
      this.#take = (packet) => {
        if (
          packet.sequence === sequence &&
          packet.group === request.group &&
          packet.command === request.command &&
          answers(packet.operation)
        ) {
          resolve(packet);
        }
      };
    });
    const payload = encode(request.body);
    const { operation, group, command } = request;
    const packet = encodeSmp({ version: this.#version, operation, group, command, sequence, payload });
    // Over, the exchange takes its sending with it: what it went on to write would stand between the next one's pieces.
    const over = new AbortController();
    const stop = () => over.abort();
    signal.addEventListener('abort', stop, { once: true });
    if (signal.aborted) stop();
    try {
      const exchange = this.#carrier.send(packet, over.signal).then(() => answer);
      const ends = { clock: this.#clock, signal, lost: this.#carrier.lost };
      return this.#read(await within(exchange, request.limitMs ?? 5_000, 'SMP request', ends));
    } finally {
      stop();
      signal.removeEventListener('abort', stop);
      this.#take = undefined;
    }
  }

  #read(packet: SmpPacket): SmpOutcome {
    // A device that speaks version 1 answers with 0, and would not understand what only version 2 has.
    this.#version = Math.min(this.#version, packet.version);
    return readSmpReply(packet.payload);
  }
}

/** A response's payload. @throws DeviceError `device_garbage` if it is no map with text keys */
export function readSmpReply(payload: Uint8Array): SmpOutcome {
  const map = decodeMap(payload);
  if (map === undefined) throw new DeviceError('device_garbage', 'SMP reply');
  if (map.has('err')) return { reply: map, refused: refusalOf(map.get('err')) };
  const code = map.get('rc');
  return typeof code === 'number' && code !== 0
    ? { reply: map, refused: { group: undefined, code } }
    : { reply: map };
}

/** `{ group, rc }`; what is malformed counts as SMP's unknown error, 1. */
function refusalOf(error: unknown): SmpRefusal {
  const group = error instanceof Map ? error.get('group') : undefined;
  const code = error instanceof Map ? error.get('rc') : undefined;
  return typeof group === 'number' && typeof code === 'number'
    ? { group, code }
    : { group: undefined, code: 1 };
}

/** One revision of smp_group_0.rst prints the response of a read as operation 2; nothing is lost by taking both. */
function answers(operation: SmpOperation): boolean {
  return operation === 'read-response' || operation === 'write-response';
}

function decodeMap(payload: Uint8Array): SmpReply | undefined {
  if (payload.length === 0) return new Map();
  try {
    const value: unknown = decode(payload, { useMaps: true });
    return value instanceof Map && [...value.keys()].every((key) => typeof key === 'string')
      ? value
      : undefined;
  } catch {
    return undefined;
  }
}
