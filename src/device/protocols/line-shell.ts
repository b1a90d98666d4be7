import { utf8 } from '../../../core/bytes.ts';
import type { Timer } from '../../../core/clock.ts';
import { DeviceError } from '../../ports/device.ts';
import type { ByteLink } from '../../ports/link.ts';
import type { Shell } from './shell.ts';
import type { Transcript } from './transcript.ts';
import { type Ends, stillOpen, within } from './within.ts';

/** `uart:~$ ` by default (Zephyr CONFIG_SHELL_PROMPT_UART); makers change the word, hardly ever its end. */
const PROMPT = /(?:^|[\r\n])[\w:~./@-]{1,32}[$#>] ?$/;

export function showsPrompt(text: string): boolean {
  return PROMPT.test(text);
}

const CTRL_C = 0x03;
const CR = 0x0d;
const REPLY_MS = 5_000;
const PROMPT_MS = 1_500;
const QUIET_MS = 400;
/** How Zephyr's shell answers a word that is no command of its (shell.c, SHELL_MSG_CMD_NOT_FOUND). */
const NOT_FOUND = ': command not found';

/**
 * Zephyr's shell over a byte stream. A command is over when its echo was seen and the text then ends with a prompt:
 * a log line makes the shell print its prompt again at any time, so a prompt alone says nothing. Until an echo was seen,
 * a word that is no command follows each one: the shell says so by its name once it has dealt with what stood before. A
 * shell that does neither is over with a prompt followed by silence.
 */
export class LineShell implements Shell {
  readonly #link: ByteLink;
  readonly #seen: Transcript;
  readonly #clock: Timer;
  /** By what this shell was seen to end its answers. */
  #ending: 'echo' | 'word' | 'silence' | undefined;

  constructor(link: ByteLink, seen: Transcript, clock: Timer) {
    this.#link = link;
    this.#seen = seen;
    this.#clock = clock;
  }

  /**
   * True once the far end shows a prompt. Wipes a half-typed line first (Ctrl+C), as a cut session leaves one.
   * False if it prints, but no prompt; `device_silent` if it prints nothing at all.
   */
  async wake(signal: AbortSignal): Promise<boolean> {
    const from = this.#seen.end;
    for (let attempt = 0; attempt < 3; attempt++) {
      const mark = this.#seen.end;
      await this.#link.write(new Uint8Array([CTRL_C, CR]), signal);
      const waiting = this.#seen.until(() => (PROMPT.test(this.#seen.since(mark)) ? true : undefined));
      try {
        return await within(waiting.found, PROMPT_MS, 'shell prompt', this.#ends(signal));
      } catch (error) {
        if (!(error instanceof DeviceError) || error.code !== 'timed_out') throw error;
      } finally {
        waiting.stop();
      }
    }
    if (this.#seen.end === from) throw new DeviceError('device_silent', 'shell prompt');
    return false;
  }

  async run(command: string, signal: AbortSignal, limitMs = REPLY_MS): Promise<string> {
    stillOpen({ signal, lost: this.#link.lost }, 'shell command');
    const mark = this.#seen.end;
    const asksWord = this.#ending === undefined || this.#ending === 'word';
    // Another each time: a late answer to the last one does not end this.
    const word = asksWord ? `end-${mark}` : undefined;
    await this.#link.write(utf8(word === undefined ? `${command}\r` : `${command}\r${word}\r`), signal);
    const waiting = this.#seen.until(() => this.#reply(mark, command, word));
    const works = [waiting.found];
    const quiet = new AbortController();
    if (this.#ending === undefined || this.#ending === 'silence')
      works.push(this.#quietReply(mark, quiet.signal));
    try {
      return await within(Promise.race(works), limitMs, 'shell command', this.#ends(signal));
    } finally {
      waiting.stop();
      quiet.abort();
    }
  }

  #reply(mark: number, command: string, word: string | undefined): string | undefined {
    const text = this.#seen.since(mark);
    // With its line end, since an answer may name the command too ("x: command not found").
    const echo = Math.max(text.lastIndexOf(`${command}\r`), text.lastIndexOf(`${command}\n`));
    if (echo >= 0 && this.#ending !== 'word' && this.#ending !== 'silence') {
      // What follows the word, or its echo, is no answer to the command.
      const after = before(word, text.slice(echo + command.length));
      const prompt = PROMPT.exec(after);
      if (prompt === null) return undefined;
      this.#ending = 'echo';
      return after.slice(0, prompt.index);
    }
    const end = word === undefined || this.#ending === 'echo' ? -1 : text.indexOf(`${word}${NOT_FOUND}`);
    if (end < 0) return undefined;
    this.#ending = 'word';
    return withoutPrompt(text.slice(0, end));
  }

  /** With neither echo nor word: the prompt came, and nothing after it for a while. */
  async #quietReply(mark: number, over: AbortSignal): Promise<string> {
    for (;;) {
      const end = this.#seen.end;
      await this.#clock.sleep(QUIET_MS, over);
      if (over.aborted) return new Promise<never>(() => undefined);
      const text = this.#seen.since(mark);
      const prompt = PROMPT.exec(text);
      if (this.#seen.end === end && end > mark && prompt !== null) {
        this.#ending = 'silence';
        return text.slice(0, prompt.index);
      }
    }
  }

  #ends(signal: AbortSignal): Ends {
    return { clock: this.#clock, signal, lost: this.#link.lost };
  }
}

function before(word: string | undefined, text: string): string {
  const at = word === undefined ? -1 : text.indexOf(word);
  return at < 0 ? text : text.slice(0, at);
}

/** Without the last prompt, and the line end of what was typed there unseen. */
function withoutPrompt(text: string): string {
  const shown = text.replace(/[\r\n]+$/, '');
  const prompt = PROMPT.exec(shown);
  return prompt === null ? text : shown.slice(0, prompt.index);
}
