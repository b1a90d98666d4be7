import { DeviceError } from '../../../ports/device.ts';
import { type At, codeOfCme } from '../../protocols/at/at.ts';

/** What the modem holds in a tag (AT%CMNG): 0 root CA, 1 the device's certificate, 2 its private key. */
export type CredentialType = CertificateType | 2;
export type CertificateType = 0 | 1;

export interface ListedCredential {
  readonly tag: number;
  readonly type: number;
  /** SHA-256, lower-case hex, of the text as it was written, without anything added (nrfcredstore). */
  readonly digest: string | undefined;
}

const LINE = /%CMNG: ?(\d{1,10}),(\d{1,2})(?:,"([0-9A-Fa-f]{64})")?/g;
const MOST = 256;
/** +CFUN of a modem that runs: it then refuses to touch credentials (CME 518). */
const ACTIVE = new Set([1, 2, 21]);
const NORMAL = 1;
const FLIGHT = 4;
/** A certificate as AT%CMNG=2 shows it: `%CMNG: <tag>,<type>,"<digest>","<content>"`, line feeds as they were written. */
const CONTENT = /%CMNG: ?\d{1,10},\d,"[0-9A-Fa-f]{64}","([A-Za-z0-9+/=\s-]{1,8000})"/;

export function parseCmng(text: string): readonly ListedCredential[] {
  return [...text.matchAll(LINE)].slice(0, MOST).map(([, tag, type, digest]) => ({
    tag: Number(tag),
    type: Number(type),
    digest: digest?.toLowerCase(),
  }));
}

/** The AT commands of Nordic's modem firmware that we use. Answers are searched in the text, whatever stands around. */
export class Modem {
  readonly at: At;
  #away: Promise<unknown> = Promise.resolve();

  constructor(at: At) {
    this.at = at;
  }

  /** What a read-only command says; undefined if this firmware does not know it. */
  async ask(command: string, answer: RegExp, signal: AbortSignal): Promise<string | undefined> {
    const reply = await this.at.run(command, signal);
    return reply.ok ? answer.exec(reply.text)?.[1] : undefined;
  }

  async list(signal: AbortSignal, tag?: number): Promise<readonly ListedCredential[]> {
    const reply = await this.at.run(`AT%CMNG=1${tag === undefined ? '' : `,${tag}`}`, signal);
    // Not found: nothing in that tag.
    if (!reply.ok && reply.cme !== 513) throw new DeviceError('device_refused', '%CMNG list');
    return reply.ok ? parseCmng(reply.text).filter((one) => one.tag === (tag ?? one.tag)) : [];
  }

  async remove(tag: number, type: CredentialType, signal: AbortSignal): Promise<void> {
    const reply = await this.at.run(`AT%CMNG=3,${tag},${type}`, signal);
    if (!reply.ok && reply.cme !== 513) throw new DeviceError('device_refused', '%CMNG delete');
  }

  async write(tag: number, type: CredentialType, text: string, signal: AbortSignal): Promise<void> {
    const reply = await this.at.run(`AT%CMNG=0,${tag},${type},"${text}"`, signal);
    if (reply.ok) return;
    const code = codeOfCme(reply.cme, 'install_rejected');
    throw new DeviceError(code === 'key_exists' ? 'install_rejected' : code, '%CMNG write');
  }

  /** A certificate's text; undefined if this firmware shows none, which differs by version and by type. */
  async read(tag: number, type: CertificateType, signal: AbortSignal): Promise<string | undefined> {
    // A shell makes CR LF of the line feeds.
    return (await this.ask(`AT%CMNG=2,${tag},${type}`, CONTENT, signal))?.replaceAll('\r', '');
  }

  /**
   * Does `work` with the modem off the air, then puts it back as it was. Also after a failure or an abort, as far as the
   * link still carries it: whoever closes the link waits for `back` first.
   */
  offline<T>(work: () => Promise<T>, signal: AbortSignal): Promise<T> {
    const away = this.#offline(work, signal);
    this.#away = away.catch(() => undefined);
    return away;
  }

  /** Resolves once the modem is no longer kept off the air by us. */
  get back(): Promise<unknown> {
    return this.#away;
  }

  /**
   * Ends flight mode. Only a device that is done may be put on the air: while it is not, nobody can tell a mode that a cut
   * visit left from one that the firmware wants. A refusal is no failure, as the certificate is in.
   */
  async leaveFlightMode(signal: AbortSignal): Promise<void> {
    if ((await this.#mode(signal)) === FLIGHT) await this.at.run(`AT+CFUN=${NORMAL}`, signal);
  }

  async #offline<T>(work: () => Promise<T>, signal: AbortSignal): Promise<T> {
    const mode = await this.#mode(signal);
    if (!ACTIVE.has(mode)) return work();
    try {
      if (!(await this.at.run(`AT+CFUN=${FLIGHT}`, signal)).ok)
        throw new DeviceError('device_refused', '+CFUN');
      return await work();
    } finally {
      await this.at.run(`AT+CFUN=${mode}`, new AbortController().signal).catch(() => undefined);
    }
  }

  async #mode(signal: AbortSignal): Promise<number> {
    return Number(await this.ask('AT+CFUN?', /\+CFUN: ?(\d{1,3})/, signal));
  }
}
