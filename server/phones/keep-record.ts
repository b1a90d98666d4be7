import type { RecordResult } from '../../contract/batch.ts';
import type { RejectionCode } from '../../contract/codes.ts';
import { parse } from '../../contract/parse.ts';
import { Receipt, StatementHeader } from '../../contract/statement.ts';
import { headerOf, parseJws } from '../../core/jws.ts';
import type { Envelope } from '../ports/envelopes.ts';
import type { GroupStores } from '../ports/group-stores.ts';
import type { RecordOrId } from '../ports/records.ts';
import { audit } from '../trail/chain.ts';
import type { StatementSigner } from '../trail/statement-keys.ts';
import { STEPS } from '../trail/steps.ts';
import type { VerifiedEnvelope } from './open-envelope.ts';
import { readId, readPayload } from './payload.ts';

export interface KeepContext {
  readonly stores: Pick<GroupStores, 'envelopes' | 'records' | 'people' | 'statements' | 'audit'>;
  readonly signer: StatementSigner;
  readonly aud: string;
  /** The signed-in person who sent the envelope; it need not be its author. */
  readonly uploader: string;
  readonly at: string;
}

/** The answer for one envelope, and its record if that is still to be decided. */
export interface EnvelopeResult {
  readonly result: RecordResult;
  readonly record?: RecordOrId | undefined;
}

/**
 * The longest envelope, in characters, whose record is handed on in memory; the records of longer ones are read
 * again. Ordinary envelopes are a quarter of this. JSON takes up to fifteen times as much memory as an object than as
 * text.
 */
const AT_HAND = 8 * 1024;

/**
 * Step 7 for one verified envelope: decides whether it is received or rejected, and stores it either way; with its
 * receipt, if it has an id. Runs inside the transaction that makes both durable.
 */
export async function keepRecord(envelope: VerifiedEnvelope, context: KeepContext): Promise<EnvelopeResult> {
  const { stores, at, uploader } = context;
  const { header, digest, author } = envelope;
  const stored = await stores.envelopes.byDigest(digest);
  const facts = readPayload(header.typ, envelope.payload);
  const id = facts?.id ?? readId(envelope.payload) ?? null;
  const code =
    stored === undefined || stored.code === 'org_not_entitled'
      ? await rejection(envelope, id, facts === undefined, context)
      : stored.code;
  // The author's membership may have come back; every other answer is final.
  const anew = stored?.code === 'org_not_entitled' && code !== 'org_not_entitled';
  if (stored !== undefined && !anew) {
    // Idempotent: the same bytes get the same answer again, with the receipt of the first time.
    const known = await standingReceipt(envelope, stored, context);
    const receipt = known === null ? {} : { receipt: known };
    return {
      result:
        stored.code === null
          ? { digest, status: 'duplicate', ...receipt }
          : { digest, status: 'rejected', code: stored.code, ...receipt },
    };
  }

  const status: Receipt['status'] = code === null ? 'received' : 'rejected';
  const receipt = id === null ? null : await signReceipt(envelope, id, status, context);
  if (anew) await stores.envelopes.answerAnew(digest, { code, receipt });
  else
    await stores.envelopes.keep({
      digest,
      kid: header.kid,
      seq: header.seq,
      prev: header.prev,
      // An envelope for another installation, or one that forks the chain, takes no place in the chain.
      inChain: code !== 'chain_fork' && code !== 'wrong_audience',
      id,
      jws: envelope.jws,
      uploader,
      receivedAt: at,
      code,
      receipt,
    });
  const record =
    code === null && facts !== undefined
      ? {
          id: facts.id,
          digest,
          header,
          author,
          payload: envelope.payload,
          udid: facts.udid,
          capturedAt: facts.capturedAt,
          // Arrival proves a not-after, and the first arrival counts.
          receivedAt: stored?.receivedAt ?? at,
          outcome: null,
          code: null,
          decidedAt: null,
          binding: null,
          approvedBy: null,
        }
      : undefined;
  if (record !== undefined) await stores.records.add(record);
  await audit(stores.audit, {
    at,
    step: STEPS.sync,
    event: status,
    actor: author,
    org: header.org,
    subject: id ?? digest,
    detail: `${header.typ} ${header.seq} of ${header.kid}, digest ${digest}, sent by ${uploader}${code === null ? '' : `, ${code}`}`,
  });
  const result = {
    digest,
    status,
    ...(code === null ? {} : { code }),
    ...(receipt === null ? {} : { receipt }),
  };
  return { result, record: envelope.jws.length > AT_HAND ? record?.id : record };
}

async function rejection(
  { header, digest, author }: VerifiedEnvelope,
  id: string | null,
  payloadUnfit: boolean,
  { stores, aud }: KeepContext,
): Promise<RejectionCode | null> {
  if (header.aud !== aud) return 'wrong_audience';
  const memberships = await stores.people.memberships(author);
  const fork = await forks(header, digest, stores.envelopes);
  if (!memberships.some((membership) => membership.org === header.org)) {
    return fork ? 'chain_fork' : 'org_not_entitled';
  }
  if (fork) return 'chain_fork';
  if (id !== null && (await stores.envelopes.receivedId(id)) !== undefined) return 'id_reuse';
  return payloadUnfit ? 'payload_invalid' : null;
}

/**
 * Whether this envelope contradicts a stored one: another envelope has its place, or its neighbours do not link to
 * it. If one key signed two records for one place, the key was copied or its phone was set back.
 */
async function forks(
  header: VerifiedEnvelope['header'],
  digest: string,
  envelopes: GroupStores['envelopes'],
): Promise<boolean> {
  const { kid, seq, prev } = header;
  const here = await envelopes.inChain(kid, seq);
  if (here !== undefined && here.digest !== digest) return true;
  if ((seq === 1) !== (prev === null)) return true;
  const before = seq === 1 ? undefined : await envelopes.inChain(kid, seq - 1);
  if (before !== undefined && before.digest !== prev) return true;
  const after = await envelopes.inChain(kid, seq + 1);
  return after !== undefined && after.prev !== digest;
}

/**
 * The receipt of the first time. What an earlier statement key signed is signed anew, of the same time: that key may have
 * ended, and a phone that knows so would bring the record for ever.
 */
async function standingReceipt(
  envelope: VerifiedEnvelope,
  { digest, id, code, receipt }: Envelope,
  context: KeepContext,
): Promise<string | null> {
  const { stores, signer } = context;
  if (receipt === null || id === null) return receipt;
  if (parse(StatementHeader, headerOf(receipt))?.kid === signer.kid) return receipt;
  const first = parse(Receipt, parseJws(receipt)?.payload);
  if (first === undefined) return receipt;
  const again = await signReceipt(envelope, id, first.status, context, first.at);
  await stores.envelopes.answerAnew(digest, { code, receipt: again });
  return again;
}

/** Signs the receipt. It says that this installation has had these bytes durably since then, and nothing about the decision. */
async function signReceipt(
  { header, digest }: VerifiedEnvelope,
  id: string,
  status: Receipt['status'],
  { stores, signer, aud, at }: KeepContext,
  since = at,
): Promise<string> {
  const payload: Receipt = { aud, id, digest, kid: header.kid, seq: header.seq, status, at: since };
  const signed = await signer.sign('receipt+jws', payload);
  await stores.statements.log(signed.digest, 'receipt+jws', at);
  return signed.jws;
}
