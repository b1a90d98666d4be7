import { decode, encode } from 'cborg';
import { type Bytes, concat, fromUtf8 } from '../../../../core/bytes.ts';

/** Commands of the protocol that only ask (MessagesDefinitions.h, RemoteCommands). */
export const COMMAND = { getId: 2, getBleMac: 3, sketchVersion: 200 } as const;

/** What a board says. Everything else it may say is `other`. */
export type BcpMessage =
  | { readonly is: 'status'; readonly code: number }
  | { readonly is: 'uhwid'; readonly bytes: Uint8Array }
  | { readonly is: 'jwt'; readonly text: string }
  | { readonly is: 'public-key'; readonly pem: string }
  | { readonly is: 'sketch-version'; readonly text: string }
  | { readonly is: 'other' };

/** Messages are arrays under CBOR tags 0x0120nn (arduino-cloud-cli, cborcoders/enc_dec.go). */
const TAG = 0x012000;
const TIMESTAMP = 0x02;
const COMMANDS = 0x03;
/** 0x01 to 0x17: what firmware sends; each tag is read as its own number beside its content. */
const KNOWN = Array.from({ length: 0x18 }, (_, number) => number);
const TAGS = Object.fromEntries(
  KNOWN.map((number) => [TAG + number, (content: () => unknown) => new Tagged(number, content())]),
);

class Tagged {
  readonly number: number;
  readonly content: unknown;

  constructor(number: number, content: unknown) {
    this.number = number;
    this.content = content;
  }
}

export function commandMessage(command: number): Bytes {
  return tagged(COMMANDS, [command]);
}

/** Seconds since 1970: what the board puts into the token it signs. */
export function timestampMessage(seconds: number): Bytes {
  return tagged(TIMESTAMP, [seconds]);
}

export function parseBcpMessage(payload: Uint8Array): BcpMessage | undefined {
  let whole: unknown;
  try {
    whole = decode(payload, { tags: TAGS, useMaps: true, allowIndefinite: false });
  } catch {
    return undefined; // hostile bytes
  }
  if (!(whole instanceof Tagged) || !Array.isArray(whole.content)) return undefined;
  const [value]: readonly unknown[] = whole.content;
  switch (whole.number) {
    case 0x00:
      return typeof value === 'number' ? { is: 'status', code: value } : undefined;
    case 0x10:
      return value instanceof Uint8Array && value.length === 32 ? { is: 'uhwid', bytes: value } : undefined;
    case 0x11: {
      const text = value instanceof Uint8Array && value.length <= 269 ? fromUtf8(value) : undefined;
      return text === undefined ? undefined : { is: 'jwt', text };
    }
    case 0x15:
      return typeof value === 'string' ? { is: 'sketch-version', text: value.slice(0, 64) } : undefined;
    case 0x17:
      return typeof value === 'string' ? { is: 'public-key', pem: value } : undefined;
    default:
      return { is: 'other' };
  }
}

function tagged(number: number, content: readonly number[]): Bytes {
  // Tag head with a 32-bit number (RFC 8949 section 3.4).
  return concat(Uint8Array.of(0xda, 0, 0x01, 0x20, number), encode(content));
}
