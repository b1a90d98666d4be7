import { createHash } from 'node:crypto';
import { cryptoPort } from '../../core/webcrypto.ts';
import type { KeyType } from '../../simulator/profiles/device-key.ts';
import type { Misbehaviour } from '../../simulator/profiles/firmware.ts';
import type { DeviceErrorCode, Visit } from '../../src/ports/device.ts';
import { nodeProtocommCrypto } from '../device/esp/node-crypto.ts';
import { nodeSha256 } from '../support/device-crypto.ts';
import type { Wire, WireOptions } from '../support/device-wire.ts';

export const CHALLENGE = new Uint8Array(createHash('sha256').update('a challenge of ours').digest());
export const CRYPTO = {
  crypto: { ...cryptoPort(globalThis.crypto), ...nodeSha256 },
  protocomm: nodeProtocommCrypto(),
};

/** A simulated device at work. */
export interface Running {
  readonly visit: Visit;
  /** SubjectPublicKeyInfo of the key it really has. */
  readonly publicKey: Uint8Array | undefined;
  connect(options?: WireOptions): Wire;
  misbehave(how: Misbehaviour | undefined): void;
  /** Of all that it would keep over a restart. */
  digest(): string;
  /** Its certificate as it would use it, PEM or DER. */
  certificate(): Uint8Array | undefined;
  /** Its reset button, where a visit may leave it wanting that (`restart_needed`). */
  restart?(): void;
  /** A modem's +CFUN. */
  mode?(): number;
}

export type Step = 'identify' | 'evidence' | 'install' | 'scan';

/** What one firmware does on one link, and what must come of it. */
export interface Rig {
  readonly name: string;
  readonly driver: string;
  start(how?: Misbehaviour, key?: KeyType): Promise<Running>;
  /** Its keys, where its firmware can have others than P-256. */
  readonly keys?: readonly KeyType[];
  readonly fresh?: 'csr-subject' | 'signed-challenge';
  /** What comes of nothing, of nonsense, of words without end. */
  readonly silent: DeviceErrorCode;
  readonly nonsense: readonly DeviceErrorCode[];
  /** What comes of a request by another key: handed over for the checks to refuse, or refused at once. */
  readonly otherKey?: 'handed-over' | DeviceErrorCode;
  /** What comes of a device that stores something else. Absent where nothing can be stored. */
  readonly corrupt?: 'read_back_mismatch' | 'no error';
  /** Whether its driver itself can tell that a certificate is for another key. */
  readonly checksKey?: boolean;
  /** Has an answer say another length than it has, everything else about it right; any other chunk is left as it is. */
  readonly lie?: (chunk: Uint8Array) => Uint8Array;
  /** Its driver asks again, since a log line may tear an answer apart: the lie is told each time. */
  readonly asksAgain?: boolean;
  /** The same for what it says once it was identified, where that looks otherwise. */
  readonly lieLater?: (chunk: Uint8Array) => Uint8Array;
  /** Asks for the secret of its label. */
  readonly secret?: boolean;
  /** Shows and uses its key only when it makes it. */
  readonly keyOnce?: boolean;
  /** A step that needs no answer: printed at the start, or where a refusal says that the firmware lacks it. */
  readonly unmoved?: Step;
  /** A command that may take its device seconds. */
  readonly slow?: RegExp;
  /** Lines of others: anywhere, or within a shell's answers only, as it writes its prompt again (see `logs`). */
  readonly noisy?: 'anywhere' | 'in answers';
  /** A network that it can join, where that is part of its whole way. */
  readonly wifi?: { readonly ssid: string; readonly password: string };
  /** Byte positions to cut at; each run of a slow handshake counts. */
  readonly cuts?: number;
}
