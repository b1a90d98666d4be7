import { type Bytes, concat, utf8 } from '../../../../core/bytes.ts';
import { checksum } from './improv-rpc.ts';

/** A serial packet: `IMPROV`, version 1, type, length, data, sum of all before (serial.md). */
export interface ImprovFrame {
  readonly type: number;
  readonly data: Bytes;
}

export const FRAME = { state: 1, error: 2, rpc: 3, result: 4 } as const;

const START = concat(utf8('IMPROV'), Uint8Array.of(1));
const HEADER = START.length + 2;

/** With the line feed that the maker's own library sends after it, so that a console's line ends too. */
export function encodeImprov(type: number, data: Uint8Array): Bytes {
  const body = concat(START, Uint8Array.of(type, data.length), data);
  return concat(body, Uint8Array.of(checksum(body), 0x0a));
}

/** Finds packets among console output, however cut. Keeps at most one packet's worth of what is unfinished. */
export class ImprovReader {
  #unfinished: Bytes = new Uint8Array(0);

  add(bytes: Uint8Array): ImprovFrame[] {
    const all = concat(this.#unfinished, bytes);
    const found: ImprovFrame[] = [];
    let at = 0;
    while (at < all.length) {
      const frame = frameAt(all, at);
      if (frame === 'short') break;
      if (frame !== undefined) found.push(frame);
      at += frame === undefined ? 1 : HEADER + frame.data.length + 1;
    }
    this.#unfinished = all.slice(at) as Bytes;
    return found;
  }
}

function frameAt(bytes: Uint8Array, at: number): ImprovFrame | 'short' | undefined {
  for (const [i, byte] of START.entries()) {
    const found = bytes[at + i];
    if (found === undefined) return 'short';
    if (found !== byte) return undefined;
  }
  const type = bytes[at + START.length];
  const length = bytes[at + START.length + 1];
  if (type === undefined || length === undefined) return 'short';
  const end = at + HEADER + length;
  const sum = bytes[end];
  if (sum === undefined) return 'short';
  if (sum !== checksum(bytes.subarray(at, end))) return undefined;
  return { type, data: bytes.slice(at + HEADER, end) as Bytes };
}
