import { toPem } from '../base64.ts';
import type { DeviceMemory } from '../device-state.ts';
import { keysShown } from '../key-material.ts';
import { certificationRequest } from '../request.ts';
import type { Mischief } from './firmware.ts';
import { inner, type Proto, parseProto, writeProto } from './proto-lite.ts';

type Octets = Uint8Array<ArrayBuffer>;

const PIECE = 200;
const BUFFER = 3072;

/** RainMaker's assisted claiming, state by state as esp_rmaker_claim.c has it; its memory is the device's. */
export class ClaimHost {
  readonly #memory: DeviceMemory;
  readonly #mac: string;
  readonly #mischief: () => Mischief;
  #state: 'key' | 'init' | 'init-done' | 'verify' | 'done' = 'key';
  #text = new Uint8Array(0);
  #at = 0;
  /** True once more was written than the firmware's buffer holds, which there overwrites what lies behind it. */
  overran = false;

  constructor(memory: DeviceMemory, mac: string, mischief: () => Mischief) {
    this.#memory = memory;
    this.#mac = mac;
    this.#mischief = mischief;
  }

  /** What a restart does: its memory is its own again. */
  restart(): void {
    this.#state = 'key';
  }

  /** `dead`: the firmware ran into memory that it freed when it had its certificate. */
  async handle(request: Uint8Array): Promise<Octets | 'dead' | undefined> {
    if (this.#state === 'done') return 'dead';
    const command = parseProto(request);
    if (command === undefined) return undefined;
    const message = command.numbers.get(1) ?? 0;
    const reply = (status: number, buffer = writeProto()) =>
      writeProto([1, message + 1], [11, writeProto([1, status], [2, buffer])]);
    if (message === 0) {
      const platform = { mac_addr: this.#mac.toUpperCase(), platform: 'esp32c3' };
      const start = new TextEncoder().encode(JSON.stringify(platform));
      this.#state = 'init';
      return reply(0, writeProto([2, start], [3, start.length]));
    }
    if (message === 2) return this.#init(inner(command, 10), reply);
    if (message === 4) return this.#verify(inner(command, 10), reply);
    return reply(1);
  }

  async #init(piece: Proto | undefined, reply: (status: number, buffer?: Octets) => Octets): Promise<Octets> {
    if (this.#state === 'key') return reply(3);
    if (this.#state !== 'init-done') {
      const text = piece?.blobs.get(2);
      if (text === undefined || text.length !== piece?.numbers.get(3)) return reply(2);
      const nodeId = /^\{\s*"node_id"\s*:\s*"([^"]{1,63})"\s*\}$/.exec(new TextDecoder().decode(text))?.[1];
      if (nodeId === undefined) return reply(2);
      this.#memory.put(0, 'node_id', new TextEncoder().encode(nodeId));
      this.#text = await this.#csr(nodeId);
      this.#at = 0;
      this.#state = 'init-done';
    }
    const part = this.#text.slice(this.#at, this.#at + PIECE);
    const buffer = writeProto([1, this.#at], [2, part], [3, this.#text.length]);
    this.#at += part.length;
    if (this.#at === this.#text.length) this.#state = 'verify';
    return reply(0, buffer);
  }

  #verify(piece: Proto | undefined, reply: (status: number) => Octets): Octets {
    if (this.#state !== 'verify') return reply(3);
    const bytes = piece?.blobs.get(2) ?? new Uint8Array(0);
    const offset = piece?.numbers.get(1) ?? 0;
    const total = piece?.numbers.get(3) ?? 0;
    if (piece === undefined || offset + bytes.length > total) return reply(2);
    if (offset + bytes.length > BUFFER) this.overran = true;
    if (offset === 0) this.#text = new Uint8Array(0);
    const grown = new Uint8Array(Math.max(this.#text.length, offset + bytes.length));
    grown.set(this.#text);
    grown.set(bytes, offset);
    this.#text = grown;
    if (offset + bytes.length < total) return reply(0);
    // The firmware's own parser takes the text between the quotes and turns `\n` into line feeds, nothing else.
    const quoted = /"certificate"\s*:\s*"([^"]*)"/.exec(new TextDecoder().decode(this.#text))?.[1];
    if (quoted === undefined) return reply(2);
    const pem = quoted.replaceAll('\\n', '\n');
    const stored = this.#mischief()?.kind === 'corrupt-store' ? pem.replace('A', 'B') : pem;
    this.#memory.put(0, 'certificate', new TextEncoder().encode(stored));
    this.#state = 'done';
    return reply(0);
  }

  async #csr(nodeId: string): Promise<Octets> {
    // `CN=<name>` in 50 bytes with its end mark: what is longer is cut.
    const commonName = nodeId.slice(0, 46);
    const { signer, named } = await keysShown(this.#memory.key, this.#mischief());
    const request = await certificationRequest(signer, named.spki, `CN=${commonName}`);
    const pem = toPem('CERTIFICATE REQUEST', request).trimEnd().replaceAll('\n', '\\n');
    return new TextEncoder().encode(`{"csr":"${pem}","send_mqtt_host":true}`);
  }
}
