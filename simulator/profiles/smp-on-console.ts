import { fromBase64, toBase64 } from './base64.ts';

/** A frame's two mark bytes, at most 124 characters of base64 and a line feed (smp_transport.rst). */
const LINE = 127;
const FIRST = [0x06, 0x09] as const;
const NEXT = [0x04, 0x14] as const;

/** SMP in frames between the lines of a shell (subsys/mgmt/mcumgr/transport/src/smp_shell.c): what is no frame is typed text. */
export class SmpOnConsole {
  readonly #answer: (packet: Uint8Array) => Promise<Uint8Array>;
  readonly #print: (bytes: Uint8Array) => void;
  readonly #largest: number;
  #mark: number | undefined;
  #frame: number[] | undefined;
  #text = '';

  constructor(
    answer: (packet: Uint8Array) => Promise<Uint8Array>,
    print: (bytes: Uint8Array) => void,
    largest: number,
  ) {
    this.#answer = answer;
    this.#print = print;
    this.#largest = largest;
  }

  /** The bytes that are the shell's: none while a frame is on its way. */
  async take(byte: number): Promise<readonly number[]> {
    if (this.#frame !== undefined) {
      if (byte !== 0x0a) {
        if (this.#frame.length < LINE) this.#frame.push(byte);
        return [];
      }
      const frame = this.#frame;
      this.#frame = undefined;
      await this.#line(frame);
      return [];
    }
    const mark = this.#mark;
    this.#mark = undefined;
    if (mark === undefined) {
      if (byte !== FIRST[0] && byte !== NEXT[0]) return [byte];
      this.#mark = byte;
      return [];
    }
    const isFrame = (mark === FIRST[0] && byte === FIRST[1]) || (mark === NEXT[0] && byte === NEXT[1]);
    if (!isFrame) return [mark, byte];
    if (mark === FIRST[0]) this.#text = '';
    this.#frame = [];
    return [];
  }

  async #line(frame: readonly number[]): Promise<void> {
    this.#text += String.fromCharCode(...frame);
    const body = fromBase64(this.#text);
    if (body === undefined || body.length < 2) return;
    const size = (body[0] ?? 0) * 256 + (body[1] ?? 0);
    if (body.length < size + 2) return;
    this.#text = '';
    const packet = body.slice(2, size);
    const given = (body[size] ?? 0) * 256 + (body[size + 1] ?? 0);
    if (body.length !== size + 2 || checksum(packet) !== given || packet.length > this.#largest) return;
    this.#send(await this.#answer(packet));
  }

  #send(packet: Uint8Array): void {
    const crc = checksum(packet);
    const size = packet.length + 2;
    const text = toBase64(new Uint8Array([size >> 8, size & 255, ...packet, crc >> 8, crc & 255]));
    for (let at = 0; at < text.length; at += 124) {
      const mark = at === 0 ? FIRST : NEXT;
      this.#print(new Uint8Array([...mark, ...new TextEncoder().encode(text.slice(at, at + 124)), 0x0a]));
    }
  }
}

/** CRC-16/XMODEM (crc16_itu_t with seed 0), by a table of nibbles. */
function checksum(bytes: Uint8Array): number {
  const table = Array.from({ length: 16 }, (_, i) => {
    let value = i << 12;
    for (let bit = 0; bit < 4; bit++) value = value & 0x8000 ? (value << 1) ^ 0x1021 : value << 1;
    return value & 0xffff;
  });
  let crc = 0;
  for (const byte of bytes)
    for (const nibble of [byte >> 4, byte & 15])
      crc = ((crc << 4) & 0xffff) ^ (table[((crc >> 12) ^ nibble) & 15] ?? 0);
  return crc;
}
