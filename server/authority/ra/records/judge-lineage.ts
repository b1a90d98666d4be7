import type { ListRow } from '../../../../contract/list-row.ts';
import type { Registration } from '../../../../contract/registration.ts';
import { fromBase64Url } from '../../../../core/bytes.ts';
import type { CryptoPort } from '../../../../core/crypto.ts';
import type { Reads } from '../../../ports/group-stores.ts';
import type { LineageKey } from '../../../ports/key-lineage.ts';
import type { RowName } from '../../../ports/list-bulk.ts';
import { REAL_SCOPE } from '../../../ports/orgs.ts';

/**
 * What is recorded here about a key, independent of the maker's list. `own`: the device replaced its earlier key by
 * it, so it is anchored as well as that one was. `former`: the device had this key and has replaced it since.
 * `foreign`: the key is another device's.
 */
export type KeyStanding =
  | { readonly kind: 'unrecorded' | 'former' }
  /** `waits`: the key is only pending for that other device, and nobody has seen that device use it. */
  | { readonly kind: 'foreign'; readonly waits?: LineageKey }
  | {
      readonly kind: 'own';
      readonly anchored: boolean;
      /** The binding in which this key is pending. */
      readonly pendingIn: string | undefined;
      /** SHA-256 of every key of the device, base64url. */
      readonly lineage: ReadonlySet<string>;
    };

/** `names`: the device's name and those that earlier makers gave it. Costs one look-up if the key is in no lineage. */
export async function judgeLineage(
  scope: string,
  names: readonly RowName[],
  { keyDigest, now }: { readonly keyDigest: string; readonly now: string },
  { lineage, certificates, bindings }: Reads<'lineage' | 'certificates' | 'bindings'>,
): Promise<KeyStanding> {
  const key = await lineage.byKey(keyDigest);
  if (key === undefined || key.state === 'dropped') return { kind: 'unrecorded' };
  const { maker, udid, state, binding, firstUse } = key;
  const isPending = state === 'pending';
  // A practice organisation learns about a real device's key only that it is pending there.
  if (scope !== REAL_SCOPE) return { kind: isPending ? 'foreign' : 'unrecorded' };
  if (!names.some((name) => name.maker === maker && name.udid === udid))
    return isPending ? { kind: 'foreign', waits: key } : { kind: 'foreign' };
  if (state === 'former') return { kind: 'former' };
  // A pending key without a certificate, or whose certificate has ended, cannot be handed out.
  if (isPending && !(await isGood(key, now, certificates))) return { kind: 'unrecorded' };
  const all = await Promise.all(names.map((name) => lineage.ofDevice(name.maker, name.udid)));
  // The bound key may not be in the lineage yet, since no key has replaced it.
  const bound = isPending ? await bindings.binding(binding) : undefined;
  return {
    kind: 'own',
    anchored: !firstUse,
    pendingIn: isPending ? binding : undefined,
    // A dropped key was never shown, so it is none of the device's keys.
    lineage: new Set(
      [...all.flat().filter((one) => one.state !== 'dropped'), ...(bound === undefined ? [] : [bound])].map(
        (one) => one.keyDigest,
      ),
    ),
  };
}

async function isGood(
  { binding, serial }: LineageKey,
  now: string,
  certificates: Reads<'certificates'>['certificates'],
): Promise<boolean> {
  const found = (await certificates.ofBinding(binding)).find((one) => one.serial === serial);
  return found !== undefined && found.notAfter > now;
}

/**
 * Puts what is recorded here into the evidence. List and label keep naming the device's first key; whatever vouched
 * for that key vouches for the keys that followed.
 */
export async function asRecorded(
  registration: Registration,
  row: ListRow | undefined,
  standing: KeyStanding,
  crypto: CryptoPort,
): Promise<{ readonly registration: Registration; readonly row: ListRow | undefined }> {
  if (standing.kind !== 'own') return { registration, row };
  const { publicKey } = registration.device;
  const digestOf = (key: string) => crypto.digest(fromBase64Url(key) ?? new Uint8Array());
  const isOfLineage = async (key: string | undefined) =>
    key !== undefined && standing.lineage.has(await digestOf(key));
  const labelled = await isOfLineage(registration.label.publicKey);
  // If the row names a key that is not in the lineage, it means that key, and stays as it is.
  let now = row;
  if (row?.anchor === 'key' && standing.anchored && (await isOfLineage(row.publicKey)))
    now = { ...row, publicKey };
  const vouched = row?.voucher?.key;
  if (row !== undefined && vouched !== undefined && standing.anchored && standing.lineage.has(vouched))
    now = { ...row, voucher: { ...row.voucher, key: await digestOf(publicKey) } };
  return {
    registration: labelled ? { ...registration, label: { ...registration.label, publicKey } } : registration,
    row: now,
  };
}
