import { equalBytes } from '../../../../core/bytes.ts';
import {
  type CredentialBundle,
  DeviceError,
  type DeviceEvidence,
  type DeviceIdentity,
  type DeviceSession,
  type DriverTraits,
  type WrittenPart,
} from '../../../ports/device.ts';
import type { Link } from '../../../ports/link.ts';
import type { Shell } from '../../protocols/shell.ts';
import type { Transcript } from '../../protocols/transcript.ts';
import type { DriverContext } from '../driver.ts';
import { readZephyrIdentity } from '../zephyr-identity.ts';
import { consoleEvidence, consoleKey } from './console-evidence.ts';
import { CredCommands } from './cred-commands.ts';
import type { CredentialList } from './cred-list.ts';
import { type Form, formsOf } from './forms.ts';
import { nrfEvidence, nrfKey } from './nrf-evidence.ts';
import { secTagOf } from './sec-tag.ts';

export const ZEPHYR_CRED = 'zephyr-cred';

interface OpenedShell {
  readonly link: Link;
  readonly shell: Shell;
  /** Absent where the link shows no console (SMP over Bluetooth). */
  readonly console: Transcript | undefined;
  /** Whether the shell has `nrf_cloud_cred`, and whether the store lists a key for it. */
  readonly nrfCloudCred: boolean;
  readonly hasKey: boolean;
  /** The store as it was found; over SMP it may be incomplete. */
  readonly list: CredentialList;
  /** Takes the driver's listeners off the link. */
  readonly release: () => void;
}

export class ZephyrCredSession implements DeviceSession {
  readonly link;
  readonly traits: DriverTraits;
  readonly #opened: OpenedShell;
  readonly #context: DriverContext;
  readonly #cred: CredCommands;

  constructor(opened: OpenedShell, context: DriverContext) {
    this.#opened = opened;
    this.#context = context;
    this.#cred = new CredCommands(opened.shell);
    this.link = opened.link.kind;
    const makesKey = opened.nrfCloudCred && !opened.hasKey;
    // `csr` takes a subject only behind a tag; one that makes its key says which.
    const takesSubject = opened.nrfCloudCred && (makesKey || hasTag(opened, context.visit.secTag));
    const isFresh = takesSubject && context.visit.challenge !== undefined;
    this.traits = {
      name: ZEPHYR_CRED,
      // nrf_cloud_cred puts the device id there; the mainline sample a text fixed when it was built.
      csrSubject: opened.nrfCloudCred ? 'identity' : 'says-nothing',
      possession: isFresh ? 'fresh' : 'static',
      ...(isFresh ? { freshBy: 'csr-subject' as const } : {}),
      evidence: 'key-and-csr',
      // A key that is made now stands in no list yet.
      rowKind: makesKey ? 'udid-only' : 'key',
      installs: true,
      holdsAnchor: true,
      readsBack: true,
      wifi: false,
      makesKey,
    };
  }

  identify(signal: AbortSignal): Promise<DeviceIdentity> {
    return readZephyrIdentity(this.#opened.shell, ZEPHYR_CRED, signal);
  }

  async evidence(signal: AbortSignal): Promise<DeviceEvidence> {
    const { link, shell, console, nrfCloudCred } = this.#opened;
    if (nrfCloudCred) {
      const { makesKey } = this.traits;
      const { challenge } = this.#context.visit;
      return nrfEvidence(shell, await this.#tagIfKnown(signal), { makesKey, challenge }, signal);
    }
    if (console !== undefined && link.shape === 'bytes') {
      return consoleEvidence(console, link, { clock: this.#context.clock, signal });
    }
    throw new DeviceError('evidence_needs_cable', 'no console on this link');
  }

  /**
   * The mainline sample prints its key at its start only. Where that was not seen since the cable was plugged in it is
   * `evidence_not_seen`: a reset shows the key, and a name alone would pass another key off as this one.
   */
  async holdsKey(publicKey: Uint8Array, signal: AbortSignal): Promise<boolean | undefined> {
    const { link, shell, console, nrfCloudCred } = this.#opened;
    if (nrfCloudCred) {
      const key = await nrfKey(shell, await this.#tagIfKnown(signal), signal);
      return key !== undefined && equalBytes(key, publicKey);
    }
    if (console === undefined || link.shape !== 'bytes') return undefined;
    const key = await consoleKey(console, link, { clock: this.#context.clock, signal });
    return key && equalBytes(key, publicKey);
  }

  async installed(bundle: CredentialBundle, signal: AbortSignal): Promise<readonly WrittenPart[]> {
    const tag = await this.#tag(signal);
    const found: WrittenPart[] = [];
    for (const forms of await formsOf(bundle, this.#context.crypto)) {
      const form = await this.#stored(tag, forms, signal);
      if (form !== undefined) found.push(written(form));
    }
    return found;
  }

  async install(
    bundle: CredentialBundle,
    onPart: (part: WrittenPart) => void,
    signal: AbortSignal,
  ): Promise<readonly WrittenPart[]> {
    const tag = await this.#tag(signal);
    const done: WrittenPart[] = [];
    for (const forms of await formsOf(bundle, this.#context.crypto)) {
      // What a cut attempt already stored stays: the device's own digest is the truth to resume from.
      const form = (await this.#stored(tag, forms, signal)) ?? (await this.#store(tag, forms, signal));
      done.push(written(form));
      onPart(written(form));
    }
    return done;
  }

  async close(): Promise<void> {
    this.#opened.release();
    await this.#opened.link.close();
  }

  async #stored(tag: number, forms: readonly Form[], signal: AbortSignal): Promise<Form | undefined> {
    const [first] = forms;
    if (first === undefined) return undefined;
    const stored = await this.#cred.stored(tag, first.slot, signal);
    return forms.find((form) => form.digest === stored?.digest);
  }

  async #store(tag: number, forms: readonly Form[], signal: AbortSignal): Promise<Form> {
    for (const form of forms) {
      if ((await this.#cred.stored(tag, form.slot, signal)) !== undefined) {
        // What is there goes only for what can take its place.
        if (!(await this.#cred.takes(form.bytes, signal))) continue;
        // Buffered anew afterwards: with the volatile store, `cred del` wipes the shell's buffer instead of the credential
        // (tls_credentials_shell.c, tls_cred_cmd_del clears cred_buf).
        await this.#cred.remove(tag, form.slot, signal);
      }
      if ((await this.#cred.add(tag, form.slot, form.format, form.bytes, signal)) === 'too-large') continue;
      const stored = await this.#cred.stored(tag, form.slot, signal);
      if (stored?.digest !== form.digest) throw new DeviceError('read_back_mismatch', form.slot);
      return form;
    }
    throw new DeviceError('storage_full', 'cred buf');
  }

  async #tag(signal: AbortSignal): Promise<number> {
    if (this.#context.visit.secTag !== undefined) return this.#context.visit.secTag;
    const list = await this.#cred.listAll(signal);
    if (list === undefined) throw new DeviceError('device_garbage', 'cred list');
    return secTagOf(list, this.#opened.console?.since(0) ?? '');
  }

  async #tagIfKnown(signal: AbortSignal): Promise<number | undefined> {
    try {
      return await this.#tag(signal);
    } catch (error) {
      // The firmware has a tag of its own for this command.
      if (error instanceof DeviceError && error.code === 'sec_tag_unknown') return undefined;
      throw error;
    }
  }
}

function hasTag({ list, console }: OpenedShell, chosenTag: number | undefined): boolean {
  if (chosenTag !== undefined) return true;
  try {
    secTagOf(list, console?.since(0) ?? '');
    return true;
  } catch (error) {
    if (error instanceof DeviceError) return false;
    throw error;
  }
}

function written(form: Form): WrittenPart {
  return { parts: form.parts, digest: form.digest };
}
