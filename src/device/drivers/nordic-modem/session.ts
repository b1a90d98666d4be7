import { toHex, utf8 } from '../../../../core/bytes.ts';
import {
  type CredentialBundle,
  type DeviceAttestation,
  DeviceError,
  type DeviceEvidence,
  type DeviceIdentity,
  type DeviceSession,
  type DriverTraits,
  type WrittenPart,
} from '../../../ports/device.ts';
import type { ByteLink } from '../../../ports/link.ts';
import { within } from '../../protocols/within.ts';
import type { DriverContext } from '../driver.ts';
import { attestToken, evidenceOf, type GeneratedKey, makeKey } from './evidence.ts';
import { type Form, formsOf } from './forms.ts';
import { readIdentity } from './identity.ts';
import { signsWith } from './key-token.ts';
import type { ListedCredential, Modem } from './modem.ts';
import { secTagOf } from './sec-tag.ts';

export const NORDIC_MODEM = 'nordic-modem';
/** For a modem to end the command it is at, and to take its mode back. */
const BACK_MS = 10_000;

export class NordicModemSession implements DeviceSession {
  readonly link;
  readonly traits: DriverTraits;
  readonly #opened: { readonly link: ByteLink; readonly modem: Modem; readonly release: () => void };
  readonly #context: DriverContext;
  /** Given once by the modem, so kept for as long as the cable is in: a visit goes on from it where an answer was lost. */
  #generated: GeneratedKey | undefined;
  #evidence: DeviceEvidence | undefined;

  constructor(
    opened: { readonly link: ByteLink; readonly modem: Modem; readonly release: () => void },
    context: DriverContext,
  ) {
    this.#opened = opened;
    this.#context = context;
    this.link = opened.link.kind;
    this.traits = {
      name: NORDIC_MODEM,
      csrSubject: 'identity',
      possession: context.visit.challenge === undefined ? 'static' : 'fresh',
      // By the request's subject or by a token: which of them this firmware can, only making the key tells.
      evidence: 'key-and-csr',
      // The key is made in the field; what vouches for it is the modem's own identity key.
      rowKind: 'voucher',
      installs: true,
      holdsAnchor: true,
      readsBack: true,
      wifi: false,
      makesKey: true,
    };
  }

  async identify(signal: AbortSignal): Promise<DeviceIdentity> {
    const { imei: _, uuid: __, ...identity } = await readIdentity(this.#opened.modem, NORDIC_MODEM, signal);
    return identity;
  }

  async evidence(signal: AbortSignal): Promise<DeviceEvidence> {
    if (this.#evidence !== undefined) return this.#evidence;
    const { modem } = this.#opened;
    const generated = this.#generated ?? (await this.#make(signal));
    this.#evidence = await evidenceOf(modem, generated, this.#context, signal);
    return this.#evidence;
  }

  async attest(signal: AbortSignal): Promise<readonly DeviceAttestation[]> {
    const text = await attestToken(this.#opened.modem, undefined, signal);
    return text === undefined ? [] : [{ kind: 'nordic-attesttoken', text }];
  }

  async holdsKey(publicKey: Uint8Array, signal: AbortSignal): Promise<boolean | undefined> {
    return signsWith(this.#opened.modem, await this.#tag(signal), publicKey, this.#context, signal);
  }

  async installed(bundle: CredentialBundle, signal: AbortSignal): Promise<readonly WrittenPart[]> {
    const { modem } = this.#opened;
    const tag = await this.#tag(signal);
    const stored = await modem.list(signal, tag);
    const slots = await formsOf(bundle, modem.at.longest, this.#context.crypto);
    return slots.flatMap((forms) => {
      const form = forms.find(({ type, digest }) =>
        stored.some((h) => h.type === type && h.digest === digest),
      );
      return form === undefined ? [] : [written(form)];
    });
  }

  async install(
    bundle: CredentialBundle,
    onPart: (part: WrittenPart) => void,
    signal: AbortSignal,
  ): Promise<readonly WrittenPart[]> {
    const { modem } = this.#opened;
    const tag = await this.#tag(signal);
    const slots = await formsOf(bundle, modem.at.longest, this.#context.crypto);
    // A certificate in a tag without its key is of no use to anybody: this is another device, or its key is gone.
    if (!(await modem.list(signal, tag)).some(({ type }) => type === 2))
      throw new DeviceError('no_key', '%CMNG list');
    const before = await this.installed(bundle, signal);
    const done: WrittenPart[] = [];
    const tell = (part: WrittenPart) => {
      done.push(part);
      onPart(part);
    };
    const store = async () => {
      for (const forms of slots) {
        const form = forms[0];
        const kept = before.find((part) => forms.some(({ digest }) => digest === part.digest));
        if (form === undefined) continue;
        tell(kept ?? (await this.#store(tag, form, signal)));
      }
    };
    // Taken off the air only if something is to be written.
    await (before.length === slots.length ? store() : modem.offline(store, signal));
    // A visit that was cut left the modem in flight mode, and this one found it there. Modems start in mode 0, so 4 is
    // what somebody who writes credentials leaves; now they are in, and the device is there to be used.
    await modem.leaveFlightMode(signal);
    return done;
  }

  /** After a stop the modem is still to be told its mode, over the link that closes here. */
  async close(): Promise<void> {
    const { link, modem, release } = this.#opened;
    const ends = { clock: this.#context.clock, signal: new AbortController().signal, lost: link.lost };
    await within(modem.back, BACK_MS, '+CFUN', ends).catch(() => undefined);
    release();
    await link.close();
  }

  async #make(signal: AbortSignal): Promise<GeneratedKey> {
    const keep = (generated: GeneratedKey) => {
      this.#generated = generated;
    };
    return makeKey(this.#opened.modem, await this.#tag(signal), this.#context, keep, signal);
  }

  async #store(tag: number, form: Form, signal: AbortSignal): Promise<WrittenPart> {
    const { modem } = this.#opened;
    const current = async () => (await modem.list(signal, tag)).find(({ type }) => type === form.type);
    const old = await current();
    const text = old === undefined ? undefined : await this.#textOf(tag, form.type, old, signal);
    try {
      // The modem never overwrites (CME 519).
      if (old !== undefined) await modem.remove(tag, form.type, signal);
      await modem.write(tag, form.type, form.text, signal);
    } catch (error) {
      // The device keeps what it had. Also after a stop; what was not removed, or was written unheard, then refuses this one.
      if (text !== undefined)
        await modem.write(tag, form.type, text, new AbortController().signal).catch(() => undefined);
      throw error;
    }
    if ((await current())?.digest !== form.digest) throw new DeviceError('read_back_mismatch', '%CMNG list');
    return written(form);
  }

  /** What is about to be removed, if the firmware shows it whole. */
  async #textOf(
    tag: number,
    type: Form['type'],
    { digest }: ListedCredential,
    signal: AbortSignal,
  ): Promise<string | undefined> {
    const text = await this.#opened.modem.read(tag, type, signal);
    if (text === undefined) return undefined;
    return toHex(await this.#context.crypto.sha256(utf8(text))) === digest ? text : undefined;
  }

  async #tag(signal: AbortSignal): Promise<number> {
    return this.#context.visit.secTag ?? secTagOf(await this.#opened.modem.list(signal));
  }
}

function written({ parts, digest }: Form): WrittenPart {
  return { parts, digest };
}
