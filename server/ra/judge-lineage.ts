import type { ListRow } from '../../contract/list-row.ts';
import type { Registration } from '../../contract/registration.ts';
import { fromBase64Url, toBase64Url } from '../../core/bytes.ts';
import type { CryptoPort } from '../../core/crypto.ts';
import type { RowName } from '../ports/list-bulk.ts';
import { REAL_SCOPE } from '../ports/orgs.ts';
import type { Needs } from '../ports/stores.ts';

/**
 * What is recorded here of a key, beside the maker's list. `own`: the device took it in place of the one before, so it is
 * anchored as well as that was. `former`: the device's, which has another one since. `foreign`: another device's.
 */
export type KeyStanding =
  | { readonly kind: 'unrecorded' | 'former' | 'foreign' }
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
  keyDigest: string,
  { lineage, certificates, bindings }: Needs<'lineage' | 'certificates' | 'bindings'>,
): Promise<KeyStanding> {
  const key = await lineage.byKey(keyDigest);
  if (key === undefined || key.state === 'dropped') return { kind: 'unrecorded' };
  const { maker, udid, state, serial, binding, firstUse } = key;
  // Practice learns of a real device's key only that it is about to be bound.
  if (scope !== REAL_SCOPE) return { kind: state === 'pending' ? 'foreign' : 'unrecorded' };
  if (!names.some((name) => name.maker === maker && name.udid === udid)) return { kind: 'foreign' };
  if (state === 'former') return { kind: 'former' };
  const isPending = state === 'pending';
  // Without a certificate there is nothing yet that could be handed out.
  if (isPending && (await certificates.status(serial ?? '')) === undefined) return { kind: 'unrecorded' };
  const all = await Promise.all(names.map((name) => lineage.ofDevice(name.maker, name.udid)));
  // The key that it is about to follow gave way to nothing yet.
  const bound = isPending ? await bindings.binding(binding) : undefined;
  return {
    kind: 'own',
    anchored: !firstUse,
    pendingIn: isPending ? binding : undefined,
    lineage: new Set([...all.flat(), ...(bound === undefined ? [] : [bound])].map((one) => one.keyDigest)),
  };
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
  const isOfLineage = async (key: string | undefined) => {
    const spki = fromBase64Url(key ?? '');
    return spki !== undefined && standing.lineage.has(toBase64Url(await crypto.sha256(spki)));
  };
  return {
    registration: (await isOfLineage(registration.label.publicKey))
      ? { ...registration, label: { ...registration.label, publicKey } }
      : registration,
    // A row that names another key since means that one.
    row:
      row?.anchor === 'key' && standing.anchored && (await isOfLineage(row.publicKey))
        ? { ...row, publicKey }
        : row,
  };
}
