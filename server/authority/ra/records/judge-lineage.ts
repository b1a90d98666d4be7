import type { ListRow } from '../../../../contract/list-row.ts';
import type { Registration } from '../../../../contract/registration.ts';
import { fromBase64Url } from '../../../../core/bytes.ts';
import type { CryptoPort } from '../../../../core/crypto.ts';
import type { Reads } from '../../../ports/group-stores.ts';
import type { LineageKey } from '../../../ports/key-lineage.ts';
import type { RowName } from '../../../ports/list-bulk.ts';
import { REAL_SCOPE } from '../../../ports/orgs.ts';

/**
 * What is recorded here of a key, beside the maker's list. `own`: the device took it in place of the one before, so it is
 * anchored as well as that was. `former`: the device's, which has another one since. `foreign`: another device's.
 */
export type KeyStanding =
  | { readonly kind: 'unrecorded' | 'former' }
  /** `waits`: it is about to be that device's, which nobody has seen use it. */
  | { readonly kind: 'foreign'; readonly waits?: LineageKey }
  | {
      readonly kind: 'own';
      readonly anchored: boolean;
      /** The binding in which it waits to be shown. */
      readonly pendingIn: string | undefined;
      /** SHA-256 of every key of the device, base64url. */
      readonly lineage: ReadonlySet<string>;
    };

/** `names`: the device's, and what earlier makers called it. Costs one look-up where its key was never changed. */
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
  // Practice learns of a real device's key only that it is about to be bound.
  if (scope !== REAL_SCOPE) return { kind: isPending ? 'foreign' : 'unrecorded' };
  if (!names.some((name) => name.maker === maker && name.udid === udid))
    return isPending ? { kind: 'foreign', waits: key } : { kind: 'foreign' };
  if (state === 'former') return { kind: 'former' };
  // Without a certificate, or after its end, there is nothing that could be handed out.
  if (isPending && !(await isGood(key, now, certificates))) return { kind: 'unrecorded' };
  const all = await Promise.all(names.map((name) => lineage.ofDevice(name.maker, name.udid)));
  // The key that it is about to follow gave way to nothing yet.
  const bound = isPending ? await bindings.binding(binding) : undefined;
  return {
    kind: 'own',
    anchored: !firstUse,
    pendingIn: isPending ? binding : undefined,
    // One that nobody ever showed is none of its keys.
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
 * The evidence with what is recorded here put in: list and label go on naming the device's first key, and what vouched for
 * that vouches for the ones that followed.
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
  // A row that names another key since means that one.
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
