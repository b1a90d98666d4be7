import type { Evidence } from './evidence.ts';
import type { PossessionProof } from './possession.ts';

/** What a device said of itself: read by the phone, or as a registration carries it. */
interface DeviceStatements {
  readonly publicKey: Uint8Array;
  readonly csr: Uint8Array;
  /** Absent where the device told its key. */
  readonly keyFrom?: 'device' | 'csr' | undefined;
  readonly possession: 'static' | 'fresh';
  readonly proof?: PossessionProof | undefined;
  readonly attestations?: readonly { readonly kind: string; readonly text: string }[] | undefined;
  /** Its own names for itself. */
  readonly aliases: readonly string[];
}

/** What the judging side knows of the device by other means. */
interface KnownOfDevice extends Pick<Evidence, 'udid' | 'labelKey' | 'list' | 'tombstoned'> {
  /** Names that the CSR's subject may carry. */
  readonly aliases: readonly string[];
  /** Names by which label and list know it, for comparison with its own. */
  readonly names: readonly string[];
  readonly challenge: Uint8Array | undefined;
  readonly subjectSaysNothing: boolean;
}

/** The evidence that phone and registration authority judge, put together in one way. */
export function evidenceOf(device: DeviceStatements, known: KnownOfDevice): Evidence {
  const { udid, labelKey, list, tombstoned, subjectSaysNothing } = known;
  return {
    udid,
    aliases: known.aliases,
    labelKey,
    deviceKey: device.publicKey,
    csr: device.csr,
    keyFrom: device.keyFrom ?? 'device',
    possession: {
      claimed: device.possession,
      challenge: known.challenge,
      proof: device.proof,
      // The other kinds are signed by keys that we may not know, and prove nothing to us.
      tokens: (device.attestations ?? [])
        .filter(({ kind }) => kind === 'arduino-jwt')
        .map(({ text }) => text),
    },
    identity: { stated: device.aliases, known: known.names },
    subjectSaysNothing,
    list,
    tombstoned,
  };
}
