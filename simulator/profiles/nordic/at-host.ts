/**
 * The serial side of nRF Connect SDK's lib/at_host/at_host.c, character by character: quotes make line ends content, a
 * zero byte is ignored outside them, a full buffer drops what comes.
 */
export class AtHost {
  readonly #ends: 'cr' | 'lf' | 'crlf';
  readonly #size: number;
  #buffer = '';
  #insideQuotes = false;

  constructor(ends: 'cr' | 'lf' | 'crlf', size: number) {
    this.#ends = ends;
    this.#size = size;
  }

  /** A whole command if this byte ended one. As a C string, so a zero byte within quotes cuts it short. */
  take(byte: number): string | undefined {
    if (byte === 0x08 || byte === 0x7f) {
      this.#buffer = this.#buffer.slice(0, -1);
      return undefined;
    }
    if (!this.#insideQuotes && byte === 0) return undefined;
    if (!this.#insideQuotes && this.#isEnd(byte)) return this.#whole();
    if (this.#buffer.length + 1 > this.#size - 1) return undefined;
    this.#buffer += String.fromCharCode(byte);
    if (byte === 0x22) this.#insideQuotes = !this.#insideQuotes;
    return undefined;
  }

  #isEnd(byte: number): boolean {
    if (this.#ends === 'cr') return byte === 0x0d;
    return byte === 0x0a && (this.#ends === 'lf' || this.#buffer.endsWith('\r'));
  }

  #whole(): string | undefined {
    const command = this.#buffer.split('\0')[0] ?? '';
    this.#buffer = '';
    this.#insideQuotes = false;
    return /[!-~]/.test(command) ? command : undefined;
  }
}
