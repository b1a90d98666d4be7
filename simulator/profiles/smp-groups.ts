import { type Cbor, type CborMap, decodeCbor, encodeCbor } from './cbor-lite.ts';
import type { DeviceShell } from './device-shell.ts';
import type { FileHost } from './file-host.ts';
import type { Firmware } from './firmware.ts';

export const SMP_HEADER = 8;
/** MGMT_ERR_EMSGSIZE and MGMT_ERR_ENOTSUP (mgmt_defines.h). */
const TOO_LONG = 7;
const NOT_SUPPORTED = 8;

/** An SMP v2 server behind whatever transport: a packet in, a packet out. */
export class SmpGroups {
  readonly #shell: DeviceShell;
  readonly #files: FileHost | undefined;
  readonly #firmware: Firmware;

  constructor(shell: DeviceShell, files: FileHost | undefined, firmware: Firmware) {
    this.#shell = shell;
    this.#files = files;
    this.#firmware = firmware;
  }

  async answer(packet: Uint8Array): Promise<Uint8Array> {
    const group = (packet[4] ?? 0) * 256 + (packet[5] ?? 0);
    const command = packet[7] ?? 0;
    const operation = (packet[0] ?? 0) & 7;
    const request = decodeCbor(packet.subarray(SMP_HEADER));
    const map = typeof request === 'object' && !Array.isArray(request) ? (request as CborMap) : {};
    let payload = encodeCbor(await this.#body(group, command, operation, map));
    if (SMP_HEADER + payload.length > this.#firmware.smpBuffer) payload = encodeCbor({ rc: TOO_LONG });
    return new Uint8Array([
      (1 << 3) | (operation + 1),
      0,
      payload.length >> 8,
      payload.length & 255,
      ...packet.subarray(4, 8),
      ...payload,
    ]);
  }

  async #body(group: number, command: number, operation: number, request: CborMap): Promise<CborMap> {
    if (group === 0 && command === 0) return { r: request.d ?? '' };
    if (group === 0 && command === 6 && operation === 0)
      return { buf_size: this.#firmware.smpBuffer, buf_count: 4 };
    if (group === 8 && this.#files !== undefined)
      return (await this.#files.answer(command, operation, request)) ?? { rc: NOT_SUPPORTED };
    if (group === 9 && command === 0 && operation === 2) return this.#execute(request.argv);
    return { rc: NOT_SUPPORTED };
  }

  async #execute(argv: Cbor | undefined): Promise<CborMap> {
    const words = Array.isArray(argv) ? argv.map(String) : [];
    // Group 9's own code 2: nothing to run (shell_mgmt.h).
    if (words.length === 0) return { err: { group: 9, rc: 2 } };
    const { output, code } = await this.#shell.run(words.join(' '));
    // The dummy backend writes CR LF and drops what is past its buffer.
    return { o: output.replaceAll('\n', '\r\n').slice(0, this.#firmware.smpShellBuffer - 1), ret: code };
  }
}
