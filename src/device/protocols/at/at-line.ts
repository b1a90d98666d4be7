import { concat, utf8 } from '../../../../core/bytes.ts';
import { DeviceError } from '../../../ports/device.ts';
import type { ByteLink } from '../../../ports/link.ts';
import { showsPrompt } from '../line-shell.ts';
import type { Transcript } from '../transcript.ts';
import { type Ends, stillOpen, within } from '../within.ts';
import { type At, type AtReply, parseAtReply, REPLY_MS } from './at.ts';

const WAKE_MS = 1_500;
const QUIET_MS = 300;
/** How long a line may go on talking before a command is sent all the same: firmware that logs is never quiet. */
const SETTLE_MS = 2_000;
const IMEI = /(?:^|[\r\n])[ \t]*(\d{15})[ \t]*[\r\n]/;

/**
 * AT commands on a serial line, as nRF Connect SDK's AT host takes them (lib/at_host/at_host.c). Each ends with CR LF,
 * which is right for a host set to CR, to LF and to both. Line ends within quotes are content.
 */
export class AtLine implements At {
  /** CONFIG_AT_HOST_CMD_MAX_LEN is 4096 by default; what is beyond it is dropped, the closing quote with it. */
  readonly longest = 4_000;
  readonly #link: ByteLink;
  readonly #seen: Transcript;
  readonly #ends: Omit<Ends, 'signal'>;
  /** A reply did not come in time: it may still, and must not pass for the next one's. */
  #late = false;

  constructor(link: ByteLink, seen: Transcript, clock: Ends['clock']) {
    this.#link = link;
    this.#seen = seen;
    this.#ends = { clock, lost: link.lost };
  }

  /**
   * Whether a modem answers here (`modem`), a shell (`shell`), or neither. `AT+CGSN` changes nothing anywhere; what was
   * half typed before it is ended first. `device_silent` if nothing at all comes back.
   */
  async wake(signal: AbortSignal): Promise<'modem' | 'shell' | 'neither'> {
    const from = this.#seen.end;
    // A session cut within quotes leaves the host inside them. A zero byte there ends the text early, so that what the
    // closing quote then sends is malformed and refused, never half a certificate stored. Elsewhere it is ignored.
    for (const before of [utf8('\r\n'), concat(new Uint8Array(1), utf8('"\r\n'))]) {
      const mark = this.#seen.end;
      await this.#link.write(concat(before, utf8('AT+CGSN\r\n')), signal);
      const waiting = this.#seen.until(() => answerTo(this.#seen.since(mark)));
      try {
        return await within(waiting.found, WAKE_MS, 'AT+CGSN', { ...this.#ends, signal });
      } catch (error) {
        if (!(error instanceof DeviceError) || error.code !== 'timed_out') throw error;
      } finally {
        waiting.stop();
      }
    }
    if (this.#seen.end === from) throw new DeviceError('device_silent', 'AT+CGSN');
    return 'neither';
  }

  /**
   * Whether the answer to this question names `maker`. Answers come in the order of the questions, so once this one is here,
   * none to what was asked before (by the greeting, in waking, by a session that was cut) can pass for the next one's.
   */
  async isMadeBy(maker: RegExp, question: string, signal: AbortSignal): Promise<boolean> {
    for (let attempt = 0; attempt < 2; attempt++) {
      const mark = this.#seen.end;
      await this.#link.write(utf8(`${question}\r\n`), signal);
      const waiting = this.#seen.until(() => {
        const text = this.#seen.since(mark);
        const named = maker.exec(text);
        // Its own end, not one of an answer before it.
        return named === null ? undefined : parseAtReply(text.slice(named.index));
      });
      try {
        return (await within(waiting.found, WAKE_MS, question, { ...this.#ends, signal })).ok;
      } catch (error) {
        if (!(error instanceof DeviceError) || error.code !== 'timed_out') throw error;
        this.#late = true;
      } finally {
        waiting.stop();
      }
    }
    return false;
  }

  async run(command: string, signal: AbortSignal): Promise<AtReply> {
    stillOpen({ signal, lost: this.#link.lost }, 'AT command');
    if (this.#late) await this.#settle(signal);
    const mark = this.#seen.end;
    this.#late = true;
    await this.#link.write(utf8(`${command}\r\n`), signal);
    const waiting = this.#seen.until(() => parseAtReply(this.#seen.since(mark)));
    try {
      const reply = await within(waiting.found, REPLY_MS, 'AT command', { ...this.#ends, signal });
      this.#late = false;
      return reply;
    } finally {
      waiting.stop();
    }
  }

  /** Waits until the line is quiet, for as long as that may take: what comes later is read from the next command on. */
  async #settle(signal: AbortSignal): Promise<void> {
    for (let end = -1, waited = 0; end !== this.#seen.end && waited < SETTLE_MS; waited += QUIET_MS) {
      end = this.#seen.end;
      await this.#ends.clock.sleep(QUIET_MS, signal);
      stillOpen({ signal, lost: this.#link.lost }, 'AT command');
    }
  }
}

/** Whether a modem gave its number here. */
export function answersCgsn(text: string): boolean {
  const imei = IMEI.exec(text);
  // An ERROR may be the answer to what was half typed; the number's own OK follows it.
  return imei !== null && parseAtReply(text.slice(imei.index + imei[0].length - 1))?.ok === true;
}

function answerTo(text: string): 'modem' | 'shell' | undefined {
  if (answersCgsn(text)) return 'modem';
  // Then the modem is behind `at '...'`, if it is there at all.
  return showsPrompt(text) ? 'shell' : undefined;
}
