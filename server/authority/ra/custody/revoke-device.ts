import { parse } from '../../../../contract/parse.ts';
import { Registration } from '../../../../contract/registration.ts';
import { fromBase64Url } from '../../../../core/bytes.ts';
import type { Clock } from '../../../../core/clock.ts';
import type { CryptoPort } from '../../../../core/crypto.ts';
import { toInstant } from '../../../../core/instant.ts';
import { rowKey, tombstoneDigests } from '../../../../core/list-lookup.ts';
import type { Binding } from '../../../ports/bindings.ts';
import { orgOf } from '../../../ports/ca-names.ts';
import type { RevocationReason } from '../../../ports/certificate-authority.ts';
import type { RevocationLists, SignedCrl } from '../../../ports/crls.ts';
import type { IssuerName, OrgName } from '../../../ports/issuer-name.ts';
import type { LineageKey } from '../../../ports/key-lineage.ts';
import { REAL_SCOPE, scopeOf } from '../../../ports/orgs.ts';
import type { Needs, Transact } from '../../../ports/stores.ts';
import { audit } from '../../../trail/chain.ts';
import { STEPS } from '../../../trail/steps.ts';
import { endBinding } from '../binding/end-binding.ts';
import { formerNames } from '../binding/former-names.ts';

export interface RevokeParts {
  readonly urgent: Transact<
    | 'bindings'
    | 'bindingHistory'
    | 'revocations'
    | 'lineage'
    | 'intents'
    | 'tombstones'
    | 'records'
    | 'changes'
    | 'list'
    | 'orgs'
    | 'found'
    | 'audit'
  >;
  readonly lists: RevocationLists;
  readonly crypto: CryptoPort;
  readonly clock: Clock;
}

export interface LiftParts extends Pick<RevokeParts, 'crypto' | 'clock'> {
  readonly transact: RevokeParts['urgent'];
}

export interface Revocation {
  readonly maker: string;
  readonly udid: string;
  readonly reason: RevocationReason;
  readonly by: string;
  /** If given, the device is revoked only if it is bound to this organisation now, or was before a copy was put back. */
  readonly org?: string;
  readonly because?: string;
}

type RevokeResult =
  | { readonly ok: true; readonly bindings: number; readonly lists: readonly SignedCrl[] }
  /** No binding and no list row names the device; `others` are makers that have this UDID. */
  | { readonly ok: false; readonly others: readonly string[] };

/**
 * Revokes a device at once: its certificate, its binding, and tombstones over its UDID and every key known for it, so
 * that neither comes back until a named person lifts them. Then the CRLs that list its certificates are signed anew.
 *
 * A device that is unknown here was most likely mistyped: nothing gets a tombstone, since the right device would stay
 * free. A training organisation that revokes its practice makes no tombstone either: tombstones hold for real devices
 * too, which may have the same names.
 */
export async function revokeDevice(
  { maker, udid, reason, by, org, because }: Revocation,
  { urgent, lists, crypto, clock }: RevokeParts,
): Promise<RevokeResult> {
  const at = toInstant(clock.now());
  const done = await urgent(async (tx) => {
    const { ever: bound, others } = await known(maker, udid, tx);
    // Its binding may have been in the part of the database that a copy does not have.
    const found = (await tx.found.ofUdid(udid)).filter(
      ({ issuer }) => org === undefined || orgOf(issuer) === org,
    );
    const ever = bound ?? (found.length > 0 ? [] : undefined);
    if (ever === undefined) return { others };
    const every = ever.filter(({ endedAt }) => endedAt === null);
    // Whoever revokes for one organisation revokes its device, and no other one that has the same name.
    const live = org === undefined ? every : every.filter((binding) => binding.org === org);
    if (org !== undefined && live.length + found.length === 0) return { others: [] };
    const shared = org !== undefined && (await isShared(maker, udid, org, every, tx));
    const real = ever.filter((binding) => isReal(binding) && (!shared || binding.org === org));
    const buries = org === undefined || live.some(isReal);
    const counts = ({ state, binding }: LineageKey) =>
      state !== 'dropped' && (!shared || real.some(({ id }) => id === binding));
    for (const key of buries ? await keysOf(maker, udid, real, counts, tx, org) : []) {
      const [name, ...keys] = await tombstoneDigests(udid, key, crypto);
      for (const digest of shared || name === undefined ? keys : [name, ...keys]) {
        await tx.tombstones.bury({ digest, reason, at, by });
      }
    }
    const issuers: IssuerName[] = [];
    for (const binding of live) {
      // A registration whose certificate is still being issued is decided anew and finds the tombstone. Where none
      // was made, the device may be bound again.
      const code = buries ? 'tombstoned' : 'retired';
      issuers.push(...(await endBinding(binding, { reason, code, at, by }, tx)));
    }
    for (const one of found) {
      if (one.revoked !== null && one.revoked.reason !== 'certificateHold') continue;
      await tx.found.keep({ ...one, revoked: { at, reason } });
      issuers.push(one.issuer);
    }
    await audit(tx.audit, {
      at,
      step: STEPS.live,
      event: 'device revoked',
      actor: by,
      org: live[0]?.org ?? org ?? null,
      subject: `${maker} ${udid}`,
      detail: because === undefined ? reason : `${reason}, because: ${because}`,
    });
    return { bindings: live.length, issuers };
  });
  if (done.issuers === undefined) return { ok: false, others: done.others };
  return { ok: true, bindings: done.bindings, lists: await lists.publish(done.issuers) };
}

/** Whether another organisation has a device of this name, by its list or bound. */
async function isShared(
  maker: string,
  udid: string,
  org: OrgName,
  live: readonly Binding[],
  { list }: Needs<'list'>,
): Promise<boolean> {
  if (live.some((binding) => binding.org !== org && isReal(binding))) return true;
  const named = (await list.ofUdid(REAL_SCOPE, udid)).filter(({ row }) => row.maker === maker);
  return named.some((one) => one.org === org) && named.some((one) => one.org !== org);
}

function isReal({ scope }: Binding): boolean {
  return scope === REAL_SCOPE;
}

/**
 * The device's bindings, undefined if neither a binding nor a list row names it; and the makers that have a device
 * with this UDID.
 */
async function known(
  maker: string,
  udid: string,
  { bindingHistory, list, orgs }: Needs<'bindingHistory' | 'list' | 'orgs'>,
): Promise<{ ever: Binding[] | undefined; others: string[] }> {
  const bound = await bindingHistory.ofUdid(udid);
  const makers = new Set(bound.map((binding) => binding.maker));
  for (const scope of new Set([REAL_SCOPE, ...(await orgs.orgs()).map(scopeOf)])) {
    if ((await list.row(scope, maker, udid)) !== undefined) makers.add(maker);
    for (const row of await list.byUdid(scope, udid)) makers.add(row.maker);
  }
  return {
    ever: makers.has(maker) ? bound.filter((binding) => binding.maker === maker) : undefined,
    others: [...makers].filter((other) => other !== maker).sort(),
  };
}

/**
 * Every key known for the device, with its former and pending keys. If none is known, one empty key is returned, so
 * that at least the UDID gets a tombstone. `counts` selects keys of its lineage: a dropped key may never have been
 * this device's.
 */
async function keysOf(
  maker: string,
  udid: string,
  bindings: readonly { readonly registration: string }[],
  counts: (key: LineageKey) => boolean | Promise<boolean>,
  tx: Needs<'records' | 'list' | 'lineage'>,
  org?: OrgName,
): Promise<Uint8Array[]> {
  const keys: Uint8Array[] = [];
  const row = await tx.list.row(REAL_SCOPE, maker, udid, org);
  const listed = row && rowKey(row);
  if (listed !== undefined) keys.push(listed);
  for (const { registration } of bindings) {
    const payload = parse(Registration, (await tx.records.record(registration))?.payload);
    const key = payload && fromBase64Url(payload.device.publicKey);
    if (key !== undefined) keys.push(key);
  }
  for (const name of [{ maker, udid }, ...(await formerNames(REAL_SCOPE, row, tx, org))])
    for (const key of await tx.lineage.ofDevice(name.maker, name.udid))
      if (await counts(key)) keys.push(key.spki);
  return keys.length === 0 ? [new Uint8Array(0)] : keys;
}

/** A named person lifts the tombstones of a UDID and its keys. Returns how many there were. */
export async function liftTombstones(
  lifted: { readonly maker: string; readonly udid: string; readonly by: string; readonly reason: string },
  { transact, crypto, clock }: LiftParts,
): Promise<number> {
  const { maker, udid, by, reason } = lifted;
  const at = toInstant(clock.now());
  return transact(async (tx) => {
    // Whoever practised with this name used a key of their own, which may be another real device's.
    const ended = (await tx.bindingHistory.ofUdid(udid)).filter(
      (binding) => binding.maker === maker && binding.scope === REAL_SCOPE,
    );
    // A key that was pending when a binding ended got its tombstone then (revokeDevice) and has been dropped since.
    const wasLive = async ({ state, binding, at: since }: LineageKey) =>
      state !== 'dropped' || (await tx.bindings.binding(binding))?.endedAt === since;
    const digests = new Set<string>();
    for (const key of await keysOf(maker, udid, ended, wasLive, tx)) {
      for (const digest of await tombstoneDigests(udid, key, crypto)) digests.add(digest);
    }
    const count = await tx.tombstones.lift([...digests], by, reason, at);
    await audit(tx.audit, {
      at,
      step: STEPS.live,
      event: 'tombstones lifted',
      actor: by,
      org: null,
      subject: `${maker} ${udid}`,
      detail: `${count}, because: ${reason}`,
    });
    return count;
  });
}
