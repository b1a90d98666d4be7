import { type Bytes, concat, fromBase64, toBase64, utf8 } from '../../../core/bytes.ts';
import { crc16 } from './crc16.ts';

/**
 * SMP on a console shared with logs (smp_transport.rst): the packet, with its length before and its CRC behind, goes
 * as base64 in lines of at most 127 bytes. The first line of a packet starts with 06 09, the others with 04 14.
 */
const FIRST = '\u0006\u0009';
const NEXT = '\u0004\u0014';
const LINE_BYTES = 127;
/** Base64 characters between the two mark bytes and the line feed, in whole groups of four. */
const TEXT_PER_LINE = Math.floor((LINE_BYTES - 3) / 4) * 4;

export function encodeConsoleSmp(packet: Uint8Array): Bytes {
  const crc = crc16(packet);
  const size = packet.length + 2;
  const text = toBase64(
    concat(new Uint8Array([size >> 8, size & 255]), packet, new Uint8Array([crc >> 8, crc & 255])),
  );
  const lines: string[] = [];
  for (let at = 0; at < text.length; at += TEXT_PER_LINE) {
    lines.push(`${at === 0 ? FIRST : NEXT}${text.slice(at, at + TEXT_PER_LINE)}\n`);
  }
  return utf8(lines.join(''));
}

/** Picks packets out of a console. Whatever is not a frame is passed over; nothing longer than `limit` is kept. */
export class ConsoleSmpReader {
  readonly #limit: number;
  #line = '';
  #text = '';
  #open = false;

  constructor(limit = 16_384) {
    this.#limit = limit;
  }

  add(bytes: Uint8Array): readonly Bytes[] {
    const packets: Bytes[] = [];
    for (const byte of bytes) {
      if (byte === 0x0a) {
        const packet = this.#endLine();
        if (packet !== undefined) packets.push(packet);
        this.#line = '';
      } else if (this.#line.length < LINE_BYTES * 2) this.#line += String.fromCharCode(byte);
    }
    return packets;
  }

  #endLine(): Bytes | undefined {
    // A frame may follow a prompt or half a log line: its mark is looked for anywhere in the line.
    const first = this.#line.lastIndexOf(FIRST);
    const next = this.#line.lastIndexOf(NEXT);
    if (first >= 0) this.#text = this.#line.slice(first + 2).trimEnd();
    else if (next >= 0 && this.#open) this.#text += this.#line.slice(next + 2).trimEnd();
    else return undefined;
    this.#open = this.#text.length <= (this.#limit * 4) / 3;
    const body = this.#open ? fromBase64(this.#text) : undefined;
    if (body === undefined || body.length < 2) return undefined;
    const size = ((body[0] ?? 0) << 8) | (body[1] ?? 0);
    if (body.length < size + 2) return undefined;
    this.#open = false;
    const packet = body.slice(2, size);
    const crc = ((body[size] ?? 0) << 8) | (body[size + 1] ?? 0);
    return body.length === size + 2 && size >= 2 && crc16(packet) === crc ? packet : undefined;
  }
}
