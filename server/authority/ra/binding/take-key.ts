import { parseCertificate } from '../../../../core/certificate.ts';
import type { Binding } from '../../../ports/bindings.ts';
import type { StoredCertificate } from '../../../ports/certificates.ts';
import type { IssuerName } from '../../../ports/issuer-name.ts';
import type { LineageKey } from '../../../ports/key-lineage.ts';
import type { Needs } from '../../../ports/stores.ts';
import { audit } from '../../../trail/chain.ts';
import { STEPS } from '../../../trail/steps.ts';

/**
 * A device has shown the certificate of its next key: the binding is of that key from now on, and the one before is
 * remembered, so that it is neither this device's any more nor free for another one. `own`: certificates of the key before.
 */
export async function takeKey(
  binding: Binding,
  next: LineageKey,
  own: readonly StoredCertificate[],
  at: string,
  { bindings, lineage }: Needs<'bindings' | 'lineage'>,
): Promise<void> {
  const { id, maker, udid, keyDigest, firstUse } = binding;
  const [last] = own;
  // Never so: of a live binding nothing is revoked but what a newer one for the same key takes the place of, and a hold is on all.
  if (last === undefined) throw new Error('a bound key has no certificate');
  const before = await lineage.byKey(keyDigest);
  const first = { request: null, serial: null };
  const { spki } = parseCertificate(last.der);
  // One that the device was known by and came back from, past this record, is as much of the past.
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
 * Nobody waits for this key any more: what was about to be signed is left, what was signed is revoked. Gives the issuing CAs
 * whose CRL has to be signed anew.
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
  const said = { at, step: STEPS.live, event: 're-key dropped', actor, org, subject: udid };
  await audit(trail, { ...said, detail: `key ${key.keyDigest}` });
  return issuers;
}
