import { ListChanges } from '../../contract/list-changes.ts';
import { Credential, type Session } from '../../contract/operator.ts';
import { parse } from '../../contract/parse.ts';
import { WorkPack } from '../../contract/work-pack.ts';
import { fromBase64Url } from '../../core/bytes.ts';
import type { Clock } from '../../core/clock.ts';
import type { CryptoPort } from '../../core/crypto.ts';
import { fromInstant } from '../../core/instant.ts';
import { signJws } from '../../core/jws.ts';
import { extendStatementKeys, verifyAnchor, verifyStatement } from '../../core/statement.ts';
import type { BackendFailure } from '../ports/backend.ts';
import type { AccountBackend } from '../ports/preparation.ts';
import type { Enrolment, PackList, WorkStore } from '../ports/work.ts';

/** What step 0 needs of the phone's key store; src/storage keeps it. */
export interface KeyKeeper<Key extends { readonly signer: Enrolment['signer']; readonly jwk: object }> {
  make(): Promise<Key>;
  /** Resolves false where this browser can keep the key only until the page closes. */
  save(key: Key, credential: Credential, credentialDigest: string, jws: string): Promise<boolean>;
  /** Another credential for the key that is here. */
  renew(credential: Credential, credentialDigest: string, jws: string): Promise<void>;
  epoch(): Promise<string>;
}

export interface PreparePorts<Key extends { readonly signer: Enrolment['signer']; readonly jwk: object }> {
  readonly backend: AccountBackend;
  readonly work: WorkStore;
  readonly keys: KeyKeeper<Key>;
  readonly clock: Clock;
  readonly crypto: CryptoPort;
  /**
   * Tells a backend that was put back to an older copy what the packs on this phone say: the next ones take their place. Absent
   * where there is nothing to tell.
   */
  readonly beforePacks?: () => Promise<BackendFailure | undefined>;
  /** The backend does not know the operator key that is here: it is enrolled once more, the same one. */
  readonly isKeyUnknown?: boolean;
}

export type PrepareResult =
  | { readonly ok: true }
  | {
      readonly ok: false;
      /** `other_installation`: this address now answers for another one than this phone is enrolled with. */
      readonly failure: BackendFailure | { readonly kind: 'other_installation' };
    };

const NOT_OURS = { ok: false, failure: { kind: 'not_our_backend' } } as const;
/** A credential is renewed by a new enrolment of a new key only when little of it is left. */
const RENEW_BEFORE_MS = 7 * 24 * 3600 * 1000;

/**
 * Step 0: makes sure this phone has an operator key with a good credential for this person, and the newest work pack
 * of every organisation they work in. Safe to repeat; each part is stored as soon as it is verified.
 */
export async function prepare<Key extends { readonly signer: Enrolment['signer']; readonly jwk: object }>(
  ports: PreparePorts<Key>,
  session: Session,
): Promise<PrepareResult> {
  const enrolment = await ports.work.enrolment();
  if (enrolment !== undefined && enrolment.credential.aud !== session.aud) {
    // Its pin, its packs and its receipts all speak of the other one; only a person may decide to leave it.
    return { ok: false, failure: { kind: 'other_installation' } };
  }
  const enrolled = await seeToKey(ports, session, enrolment);
  // Whom nobody has confirmed yet goes on with the key and the packs that are here.
  if (!enrolled.ok && !(enrolment !== undefined && needsConfirmation(enrolled))) return enrolled;
  const failure = enrolment && (await ports.beforePacks?.());
  if (failure !== undefined) return { ok: false, failure };
  await ports.work.keepPacksOf(session.memberships.map(({ org }) => org));
  const stored = new Map((await ports.work.packs()).map((pack) => [pack.pack.org, pack]));
  for (const { org } of session.memberships) {
    // The list first: a pack without its list would know no device, and one that has it inside still does.
    const list = await refreshList(ports, session.aud, org, stored.get(org)?.list ?? null);
    if (!list.ok) return list;
    const result = await refreshPack(ports, session.aud, org, stored.get(org)?.etag || null);
    if (!result.ok) return result;
  }
  return enrolled;
}

/** After an older copy was put back, an administrator must confirm a person before a key of theirs is taken. */
function needsConfirmation({ failure }: PrepareResult & { readonly ok: false }): boolean {
  return failure.kind === 'refused' && failure.code === 'confirmation_needed';
}

async function seeToKey<Key extends { readonly signer: Enrolment['signer']; readonly jwk: object }>(
  ports: PreparePorts<Key>,
  session: Session,
  enrolment: Enrolment | undefined,
): Promise<PrepareResult> {
  if (
    enrolment !== undefined &&
    ports.isKeyUnknown === true &&
    enrolment.credential.operator === session.operator
  ) {
    const { signer, credential } = enrolment;
    return prove(ports, session, { signer, jwk: credential.jwk }, ports.keys.renew.bind(ports.keys));
  }
  if (enrolment !== undefined && stillGood(enrolment, session, ports.clock.now()))
    return learnKeys(ports, session.aud);
  const key = await ports.keys.make();
  return prove(ports, session, key, (credential, digest, jws) =>
    ports.keys.save(key, credential, digest, jws),
  );
}

/** Most answers about one list in one go: ten million rows. What is missing then is not checkable until the next. */
const MOST_ANSWERS = 200;

/** Takes what changed in the list since this phone asked last; a phone that has none takes all of it, piece by piece. */
async function refreshList(
  { backend, work, crypto }: Pick<PreparePorts<never>, 'backend' | 'work' | 'crypto'>,
  aud: string,
  org: string,
  known: Pick<PackList, 'cursor' | 'etag'> | null,
): Promise<PrepareResult> {
  let held = known;
  for (let count = 0; count < MOST_ANSWERS; count++) {
    const answer = await backend.listChanges(org, held);
    if (!answer.ok) return answer;
    if (answer.value === 'unchanged') return { ok: true };
    const { list, digests: text, etag } = answer.value;
    const statement = await verifyStatement(list, 'list+jws', await work.statementKeys(), crypto);
    const changes = statement.ok ? parse(ListChanges, statement.payload) : undefined;
    if (changes?.aud !== aud || changes.org !== org) return NOT_OURS;
    // Changes of another place would leave a gap that nobody sees.
    if (changes.after !== '' && changes.after !== (held?.cursor ?? '')) return NOT_OURS;
    const digests = fromBase64Url(text);
    if (digests === undefined || (await crypto.digest(digests)) !== changes.digests) return NOT_OURS;
    await work.saveList({ org, changes, digests, etag });
    held = { cursor: changes.to, etag };
    if (!changes.more) return { ok: true };
  }
  return { ok: true };
}

function stillGood({ credential }: Enrolment, session: Session, now: number): boolean {
  const same = (list: Session['memberships']) =>
    list
      .map((m) => `${m.org}:${m.role}`)
      .sort()
      .join();
  return (
    credential.operator === session.operator &&
    credential.aud === session.aud &&
    same(credential.memberships) === same(session.memberships) &&
    fromInstant(credential.notAfter) - now > RENEW_BEFORE_MS
  );
}

/** Enrols a key: proves over the backend's nonce that its private half is here, and keeps the credential. */
async function prove(
  ports: Pick<PreparePorts<never>, 'backend' | 'work' | 'crypto'> & {
    readonly keys: Pick<KeyKeeper<never>, 'epoch'>;
  },
  session: Session,
  key: { readonly signer: Enrolment['signer']; readonly jwk: object },
  keep: (credential: Credential, digest: string, jws: string) => Promise<unknown>,
): Promise<PrepareResult> {
  const challenge = await ports.backend.enrolChallenge();
  if (!challenge.ok) return challenge;
  const header = { alg: 'ES256', typ: 'enrol+jws', v: 1, jwk: key.jwk };
  const payload = { aud: session.aud, nonce: challenge.value.nonce, epoch: await ports.keys.epoch() };
  const answer = await ports.backend.enrol(await signJws(header, payload, key.signer));
  if (!answer.ok) return answer;
  // The pin: the first statement key this phone ever sees, over TLS, in answer to its own proof.
  const known = await ports.work.statementKeys();
  const keys = await extendStatementKeys(known, answer.value.statementKeys, session.aud, ports.crypto);
  const statement = await verifyStatement(answer.value.credential, 'credential+jws', keys, ports.crypto);
  const credential = statement.ok ? parse(Credential, statement.payload) : undefined;
  if (!statement.ok || credential?.kid !== key.signer.kid || credential.aud !== session.aud) return NOT_OURS;
  await ports.work.saveStatementKeys(keys, answer.value.statementKeys);
  await keep(credential, statement.digest, answer.value.credential);
  return { ok: true };
}

/** Statement keys change while a phone is away: the next one signs the pack, and one that has ended is believed no more. */
async function learnKeys(
  { backend, work, crypto }: Pick<PreparePorts<never>, 'backend' | 'work' | 'crypto'>,
  aud: string,
): Promise<PrepareResult> {
  const chain = await backend.knownKeys();
  if (!chain.ok) return chain;
  await work.saveStatementKeys(
    await extendStatementKeys(await work.statementKeys(), chain.value, aud, crypto),
    chain.value,
  );
  return { ok: true };
}

async function refreshPack(
  ports: Pick<PreparePorts<never>, 'backend' | 'work' | 'crypto'>,
  aud: string,
  org: string,
  etag: string | null,
): Promise<PrepareResult> {
  const answer = await ports.backend.workPack(org, etag);
  if (!answer.ok) return answer;
  if (answer.value === 'unchanged') return { ok: true };
  const keys = await ports.work.statementKeys();
  const statement = await verifyStatement(answer.value.jws, 'pack+jws', keys, ports.crypto);
  const pack = statement.ok ? parse(WorkPack, statement.payload) : undefined;
  if (!statement.ok || pack?.aud !== aud || pack.org !== org) return NOT_OURS;
  const stored = { pack, digest: statement.digest, etag: answer.value.etag };
  const { jws, anchor } = answer.value;
  const signed = anchor === undefined ? undefined : await verifyAnchor(anchor, aud, keys, ports.crypto);
  const named =
    anchor !== undefined && signed?.ok === true ? { digest: signed.digest, jws: anchor } : undefined;
  await ports.work.savePack(jws, stored, named);
  return { ok: true };
}
