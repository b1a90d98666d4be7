import { DeviceError } from '../../../ports/device.ts';
import { type At, codeOfCme } from '../../protocols/at/at.ts';

/** What the modem holds in a tag (AT%CMNG): 0 root CA, 1 the device's certificate, 2 its private key. */
export type CredentialType = 0 | 1 | 2;

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

  /**
   * Does `work` with the modem off the air, then puts it back as it was. Also after a failure or an abort, as far as the
   * link still carries it.
   */
  async offline<T>(work: () => Promise<T>, signal: AbortSignal): Promise<T> {
    const mode = Number(await this.ask('AT+CFUN?', /\+CFUN: ?(\d{1,3})/, signal));
    if (!ACTIVE.has(mode)) return work();
    if (!(await this.at.run('AT+CFUN=4', signal)).ok) throw new DeviceError('device_refused', '+CFUN');
    try {
      return await work();
    } finally {
      await this.at.run(`AT+CFUN=${mode}`, new AbortController().signal).catch(() => undefined);
    }
  }
}
