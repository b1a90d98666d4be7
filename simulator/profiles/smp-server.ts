import { type Cbor, decodeCbor, encodeCbor } from './cbor-lite.ts';
import type { DeviceShell } from './device-shell.ts';
import type { Firmware } from './firmware.ts';

const HEADER = 8;

/** An SMP v2 server on a GATT characteristic: gathers writes into packets, answers in notifications cut at the MTU. */
export class SmpServer {
  readonly #shell: DeviceShell;
  readonly #firmware: Firmware;
  readonly #notify: (value: Uint8Array) => void;
  #gathered: number[] = [];
  #work: Promise<unknown> = Promise.resolve();

  constructor(shell: DeviceShell, firmware: Firmware, notify: (value: Uint8Array) => void) {
    this.#shell = shell;
    this.#firmware = firmware;
    this.#notify = notify;
  }

  /** False if the value is longer than the MTU lets through: a real link never delivers it. */
  write(value: Uint8Array): boolean {
    if (value.length > this.#firmware.attMtu - 3) return false;
    this.#gathered.push(...value);
    while (this.#gathered.length >= HEADER) {
      const length = HEADER + (this.#gathered[2] ?? 0) * 256 + (this.#gathered[3] ?? 0);
      if (length > this.#firmware.smpBuffer) {
        this.#gathered = [];
        return true;
      }
      if (this.#gathered.length < length) return true;
      const packet = this.#gathered.splice(0, length);
      this.#work = this.#work.then(() => this.#answer(new Uint8Array(packet)));
    }
    return true;
  }

  /** Resolves when every packet received so far has been answered. */
  async settled(): Promise<void> {
    await this.#work;
  }

  async #answer(packet: Uint8Array): Promise<void> {
    const group = (packet[4] ?? 0) * 256 + (packet[5] ?? 0);
    const command = packet[7] ?? 0;
    const operation = (packet[0] ?? 0) & 7;
    const body = await this.#body(group, command, operation, decodeCbor(packet.subarray(HEADER)));
    let payload = encodeCbor(body);
    // MGMT_ERR_EMSGSIZE, 7: the answer does not fit the buffer.
    if (HEADER + payload.length > this.#firmware.smpBuffer) payload = encodeCbor({ rc: 7 });
    const answer = new Uint8Array([
      (1 << 3) | (operation + 1),
      0,
      payload.length >> 8,
      payload.length & 255,
      ...packet.subarray(4, 8),
      ...payload,
    ]);
    for (let at = 0; at < answer.length; at += this.#firmware.attMtu - 3) {
      this.#notify(answer.slice(at, at + this.#firmware.attMtu - 3));
    }
  }

  async #body(group: number, command: number, operation: number, request: Cbor | undefined): Promise<Cbor> {
    const map =
      typeof request === 'object' && !Array.isArray(request)
        ? (request as Readonly<Record<string, Cbor>>)
        : {};
    if (group === 0 && command === 0) return { r: map.d ?? '' };
    if (group === 0 && command === 6 && operation === 0)
      return { buf_size: this.#firmware.smpBuffer, buf_count: 4 };
    if (group === 9 && command === 0 && operation === 2) return this.#execute(map.argv);
    // MGMT_ERR_ENOTSUP, 8
    return { rc: 8 };
  }

  async #execute(argv: Cbor | undefined): Promise<Cbor> {
    const words = Array.isArray(argv) ? argv.map(String) : [];
    // Group 9's own code 2: nothing to run (shell_mgmt.h).
    if (words.length === 0) return { err: { group: 9, rc: 2 } };
    const { output, code } = await this.#shell.run(words.join(' '));
    // The dummy backend writes CR LF and drops what is past its buffer.
    return { o: output.replaceAll('\n', '\r\n').slice(0, this.#firmware.smpShellBuffer - 1), ret: code };
  }
}
