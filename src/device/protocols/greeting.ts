import { concat, utf8 } from '../../../core/bytes.ts';
import type { Timer } from '../../../core/clock.ts';
import { DeviceError } from '../../ports/device.ts';
import type { ByteLink } from '../../ports/link.ts';
import { answersCgsn } from './at/at-line.ts';
import { BcpReader, CONNECT, encodeBcp } from './bcp/bcp-frame.ts';
import { COMMAND, commandMessage } from './bcp/bcp-message.ts';
import { encodeImprov, FRAME, ImprovReader } from './improv/improv-frame.ts';
import { RPC, rpc } from './improv/improv-rpc.ts';
import { showsPrompt } from './line-shell.ts';
import { Transcript } from './transcript.ts';
import { within } from './within.ts';

/** Whose language a device on a wire answered in. */
export type Family = 'shell' | 'modem' | 'board' | 'improv' | 'unknown';

/** After each the greeting is said anew: opening the port resets many boards, and one that is starting hears nothing. */
const WAITS_MS = [700, 1_000, 1_500, 2_000] as const;
const CTRL_C_CR = Uint8Array.of(0x03, 0x0d);

/**
 * Each family's smallest question, all in one breath, so that nobody has to wait until four others stayed silent. All of
 * them ask only. A board comes first, since it throws away what follows a header that is not its own (PacketManager.cpp);
 * Ctrl+C wipes what that leaves in a shell's line; an AT host sees a line that it refuses, then its question.
 */
const BOARD = concat(
  encodeBcp('control', Uint8Array.of(CONNECT)),
  encodeBcp('data', commandMessage(COMMAND.sketchVersion)),
);
const IMPROV = encodeImprov(FRAME.rpc, rpc(RPC.requestState));
/**
 * A session cut within quotes leaves an AT host inside them: the third greeting ends them, as AtLine's waking does. Not
 * the second, since a reset on opening swallows the first: to a host that is not inside quotes the mark opens them.
 */
const QUESTIONS = ['', '', '\0"', ''].map((before) =>
  concat(BOARD, CTRL_C_CR, utf8(`${before}\r\nAT+CGSN\r\n`), IMPROV),
);

interface Heard {
  /** Undefined: nothing at all came back. */
  readonly family: Family | undefined;
  readonly askedBy: Set<string>;
}
/** By link, so that each driver in turn learns what the first one's greeting found; it goes when the link goes. */
const HEARD = new WeakMap<ByteLink, Heard>();

/**
 * Who answers on this wire. Asked once for all drivers; one that asks a second time has it asked anew.
 *
 * @param asker the driver's name
 * @throws DeviceError `device_silent` if nothing at all comes back
 */
export async function greet(
  link: ByteLink,
  asker: string,
  clock: Timer,
  signal: AbortSignal,
): Promise<Family> {
  const known = HEARD.get(link);
  if (known !== undefined && !known.askedBy.has(asker)) {
    known.askedBy.add(asker);
    return told(known.family);
  }
  const family = await ask(link, clock, signal);
  HEARD.set(link, { family, askedBy: new Set([asker]) });
  return told(family);
}

function told(family: Family | undefined): Family {
  if (family === undefined) throw new DeviceError('device_silent', 'greeting');
  return family;
}

async function ask(link: ByteLink, clock: Timer, signal: AbortSignal): Promise<Family | undefined> {
  const seen = new Transcript(4_096);
  const board = new BcpReader();
  const improv = new ImprovReader();
  let framed: Family | undefined;
  const stop = link.listen((chunk) => {
    if (board.add(chunk).length > 0) framed ??= 'board';
    if (improv.add(chunk).length > 0) framed ??= 'improv';
    seen.add(chunk);
  });
  try {
    for (const [attempt, ms] of WAITS_MS.entries()) {
      const mark = seen.end;
      const waiting = seen.until(() => framed ?? inText(seen.since(mark)));
      try {
        await link.write(QUESTIONS[attempt % QUESTIONS.length] ?? BOARD, signal);
        return await within(waiting.found, ms, 'greeting', { clock, signal, lost: link.lost });
      } catch (error) {
        if (!(error instanceof DeviceError) || error.code !== 'timed_out') throw error;
      } finally {
        waiting.stop();
      }
    }
    return seen.end === 0 ? undefined : 'unknown';
  } finally {
    stop();
  }
}

/** Whose language a console's text is in. A modem's answer is looked for first: a modem may stand behind nothing, a shell never prints such a number. */
export function inText(text: string): Family | undefined {
  if (answersCgsn(text)) return 'modem';
  return showsPrompt(text) ? 'shell' : undefined;
}
