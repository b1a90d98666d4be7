import {
  type CredentialBundle,
  DeviceError,
  type DeviceEvidence,
  type DeviceIdentity,
  type DeviceSession,
  type DriverTraits,
  type WrittenPart,
} from '../../../ports/device.ts';
import type { ByteLink } from '../../../ports/link.ts';
import type { DriverContext } from '../driver.ts';
import { makeEvidence } from './evidence.ts';
import { type Form, formsOf } from './forms.ts';
import { readIdentity } from './identity.ts';
import { signsWith } from './key-token.ts';
import type { Modem } from './modem.ts';
import { secTagOf } from './sec-tag.ts';

export const NORDIC_MODEM = 'nordic-modem';

export class NordicModemSession implements DeviceSession {
  readonly link;
  readonly traits: DriverTraits;
  readonly #opened: { readonly link: ByteLink; readonly modem: Modem; readonly release: () => void };
  readonly #context: DriverContext;
  /** Given once by the modem, so kept for as long as the cable is in. */
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
      freshBy: 'csr-subject',
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
    this.#evidence ??= await makeEvidence(this.#opened.modem, await this.#tag(signal), this.#context, signal);
    return this.#evidence;
  }

  async holdsKey(publicKey: Uint8Array, signal: AbortSignal): Promise<boolean | undefined> {
    return signsWith(this.#opened.modem, await this.#tag(signal), publicKey, this.#context, signal);
  }

  async installed(bundle: CredentialBundle, signal: AbortSignal): Promise<readonly WrittenPart[]> {
    const { modem } = this.#opened;
    const tag = await this.#tag(signal);
    const held = await modem.list(signal, tag);
    const slots = await formsOf(bundle, modem.at.longest, this.#context.crypto);
    return slots.flatMap((forms) => {
      const form = forms.find(({ type, digest }) => held.some((h) => h.type === type && h.digest === digest));
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
    return done;
  }

  async close(): Promise<void> {
    this.#opened.release();
    await this.#opened.link.close();
  }

  async #store(tag: number, form: Form, signal: AbortSignal): Promise<WrittenPart> {
    const { modem } = this.#opened;
    const holds = async () => (await modem.list(signal, tag)).find(({ type }) => type === form.type);
    // The modem never overwrites (CME 519).
    if ((await holds()) !== undefined) await modem.remove(tag, form.type, signal);
    await modem.write(tag, form.type, form.text, signal);
    if ((await holds())?.digest !== form.digest) throw new DeviceError('read_back_mismatch', '%CMNG list');
    return written(form);
  }

  async #tag(signal: AbortSignal): Promise<number> {
    return this.#context.visit.secTag ?? secTagOf(await this.#opened.modem.list(signal));
  }
}

function written({ parts, digest }: Form): WrittenPart {
  return { parts, digest };
}
