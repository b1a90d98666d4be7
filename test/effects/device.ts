import { type Bytes, equalBytes } from '../../core/bytes.ts';
import {
  type ChooseOptions,
  type CredentialBundle,
  type DeviceAttestation,
  DeviceError,
  type DeviceEvidence,
  type DeviceIdentity,
  type DevicePort,
  type DeviceSession,
  type DriverTraits,
  type LinkKind,
  type Visit,
  type WrittenPart,
} from '../../src/ports/device.ts';
import { traits } from '../flow/events.ts';

/** A device port whose chooser is answered by the test, or at once. */
export class FakeDevices implements DevicePort {
  readonly sessions: FakeSession[] = [];
  readonly waiting: { readonly link: LinkKind; readonly choose: () => FakeSession }[] = [];
  #hold: boolean;

  constructor(hold = false) {
    this.#hold = hold;
  }

  availableLinks() {
    return { serial: true, bluetooth: true, usb: true, simulated: true };
  }

  /** What was told of the last visit. */
  visit: Visit | undefined;

  choose(link: LinkKind, _signal: AbortSignal, options?: ChooseOptions): Promise<DeviceSession> {
    this.visit = options?.visit;
    if (!this.#hold) return Promise.resolve(this.#make(link));
    return new Promise((resolve) => {
      const choose = () => {
        const session = this.#make(link);
        resolve(session);
        return session;
      };
      this.waiting.push({ link, choose });
    });
  }

  get last(): FakeSession {
    const session = this.sessions.at(-1);
    if (session === undefined) throw new Error('no session was opened');
    return session;
  }

  #make(link: LinkKind): FakeSession {
    const session = new FakeSession(link);
    this.sessions.push(session);
    return session;
  }
}

export class FakeSession implements DeviceSession {
  readonly link: LinkKind;
  traits: DriverTraits = traits;
  attest?: () => Promise<readonly DeviceAttestation[]>;
  closed = 0;
  readonly written: CredentialBundle[] = [];
  identity: DeviceIdentity = { driver: 'zephyr-cred', aliases: ['SN 1'] };
  device: DeviceEvidence = { publicKey: new Uint8Array(1), csr: new Uint8Array(1), possession: 'static' };
  fault: DeviceError | undefined;

  constructor(link: LinkKind) {
    this.link = link;
  }

  async identify(): Promise<DeviceIdentity> {
    if (this.fault !== undefined) throw this.fault;
    return this.identity;
  }

  /** What `holdsKey` says; by default whether it is the key of `device`. */
  shows: 'key' | 'nothing' = 'key';

  async holdsKey(publicKey: Uint8Array): Promise<boolean | undefined> {
    if (this.fault !== undefined) throw this.fault;
    return this.shows === 'nothing' ? undefined : equalBytes(publicKey, this.device.publicKey);
  }

  async evidence(): Promise<DeviceEvidence> {
    return this.device;
  }

  has(device: { readonly spki: Bytes; readonly csr: Bytes }): void {
    this.device = { publicKey: device.spki, csr: device.csr, possession: 'static' };
  }

  async install(
    bundle: CredentialBundle,
    onPart: (part: WrittenPart) => void,
    signal: AbortSignal,
  ): Promise<readonly WrittenPart[]> {
    if (signal.aborted) throw new DeviceError('aborted');
    if (this.fault !== undefined) throw this.fault;
    this.written.push(bundle);
    const parts: WrittenPart[] = [
      { parts: ['leaf', 'chain'], digest: 'ab'.repeat(32) },
      { parts: ['anchor'], digest: 'cd'.repeat(32) },
    ];
    for (const part of parts) onPart(part);
    return parts;
  }

  async installed(): Promise<readonly WrittenPart[]> {
    return [];
  }

  async close(): Promise<void> {
    this.closed += 1;
  }
}
