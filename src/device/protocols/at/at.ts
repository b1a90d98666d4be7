import type { DeviceErrorCode } from '../../../ports/device.ts';

/** Making a key or writing its flash takes a modem seconds. */
export const REPLY_MS = 15_000;

/** How a modem ended a command (3GPP TS 27.007 section 9), and all it printed until then, noise included. */
export interface AtReply {
  readonly ok: boolean;
  /** The number of `+CME ERROR`, where there is one. */
  readonly cme: number | undefined;
  readonly text: string;
}

/** A way to a modem's AT commands: its own serial line (at-line.ts), or a shell that hands them on (at-shell.ts). */
export interface At {
  /** The longest command that arrives whole. */
  readonly longest: number;
  run(command: string, signal: AbortSignal): Promise<AtReply>;
}

/** A line of its own, ended: a base64 text may hold `OK` too, and half a number is not the number. */
const FINAL = /(?:^|[\r\n])[ \t]*(OK|ERROR|\+CM[ES] ERROR: ?(\d{1,5}))[ \t]*(?=[\r\n])/;

/** The reply in a console's text, or undefined while its final line is still to come. */
export function parseAtReply(text: string): AtReply | undefined {
  const found = FINAL.exec(text);
  if (found === null) return undefined;
  const [, word = '', number] = found;
  return {
    ok: word === 'OK',
    cme: word.startsWith('+CME') ? Number(number) : undefined,
    text: text.slice(0, found.index),
  };
}

/** What Nordic's modem says by its numbers (nRF9160 and nRF91x1 AT reference, %CMNG and %KEYGEN), as our codes. */
export function codeOfCme(cme: number | undefined, otherwise: DeviceErrorCode): DeviceErrorCode {
  switch (cme) {
    case 515: // memory full
      return 'storage_full';
    case 519: // exists already
      return 'key_exists';
    default: // 513 not found, 514 no access, 518 modem active, 528 power-off warning, and what we do not know
      return otherwise;
  }
}
