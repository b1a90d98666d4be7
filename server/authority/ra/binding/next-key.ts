import { parseCertificate } from '../../../../core/certificate.ts';
import type { Binding } from '../../../ports/bindings.ts';
import type { StoredCertificate } from '../../../ports/certificates.ts';
import type { IssuerName } from '../../../ports/issuer-name.ts';
import type { LineageKey } from '../../../ports/key-lineage.ts';
import type { Needs } from '../../../ports/stores.ts';
import { audit } from '../../../trail/chain.ts';
import { STEPS } from '../../../trail/steps.ts';

/**
 * A device has shown the certificate of its next key: the binding is of that key from now on. The key before is
 * recorded as former, so that neither this device nor another one can be bound with it. `own`: certificates of the
 * key before.
 */
export async function adoptKey(
  binding: Binding,
  next: LineageKey,
  own: readonly StoredCertificate[],
  at: string,
  { bindings, lineage }: Needs<'bindings' | 'lineage'>,
): Promise<void> {
  const { id, maker, udid, keyDigest, firstUse } = binding;
  const [last] = own;
  // This cannot happen: in a live binding, a certificate is revoked only when a newer one for the same key replaces
  // it, and a hold puts all of them on hold.
  if (last === undefined) throw new Error('a bound key has no certificate');
  const before = await lineage.byKey(keyDigest);
  const first = { request: null, serial: null };
  const { spki } = parseCertificate(last.der);
  // A key that is still current in the lineage, although the device was bound again with another key meanwhile,
  // becomes former too.
  for (const key of await lineage.ofDevice(maker, udid))
    if (key.state === 'current' && key.keyDigest !== keyDigest)
      await lineage.put({ ...key, state: 'former', at });
  await lineage.put({
    ...(before ?? first),
    ...{ keyDigest, spki, maker, udid, binding: id, state: 'former', firstUse, at },
  });
  await lineage.put({ ...next, state: 'current', at });
  await bindings.rekey(id, next.keyDigest);
}

/**
 * Drops a pending key that nobody waits for any more: its open intent is abandoned, its certificate revoked. Returns
 * the issuing CAs whose CRL must be signed anew.
 */
export async function dropKey(
  key: LineageKey,
  { org, udid }: Pick<Binding, 'org' | 'udid'>,
  { at, actor }: { readonly at: string; readonly actor: string },
  { lineage, intents, revocations, audit: trail }: Needs<'lineage' | 'intents' | 'revocations' | 'audit'>,
): Promise<readonly IssuerName[]> {
  const intent = await intents.ofBinding(key.binding);
  if (intent !== undefined && intent.serial === key.serial) await intents.abandon(intent.serial);
  const issuers = key.serial === null ? [] : await revocations.revoke(key.serial, at, 'superseded');
  await lineage.put({ ...key, state: 'dropped', at });
  const entry = { at, step: STEPS.live, event: 're-key dropped', actor, org, subject: udid };
  await audit(trail, { ...entry, detail: `key ${key.keyDigest}` });
  return issuers;
}
