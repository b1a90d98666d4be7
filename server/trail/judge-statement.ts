import { Credential } from '../../contract/operator.ts';
import { parse } from '../../contract/parse.ts';
import { Receipt, StatementHeader, type StatementType } from '../../contract/statement.ts';
import type { CryptoPort } from '../../core/crypto.ts';
import { headerOf, parseJws } from '../../core/jws.ts';
import { verifyStatement } from '../../core/statement.ts';
import type { AuditEntry } from '../ports/audit-log.ts';
import { STEPS } from './steps.ts';
import { type TrailVerdict, verifyTrail } from './verify-trail.ts';

/**
 * What a statement is worth, by a whole trail. `counts`: its key signs or is believed. `sealed`: its key has ended, and the trail
 * has what it says in a place that was sealed before. `ended`: its key has ended, and the trail has it nowhere before.
 * `not_ours`: no key of this trail's installation signed it.
 */
export type StatementWorth =
  | { readonly worth: 'counts' | 'ended' | 'not_ours' }
  | {
      readonly worth: 'sealed';
      readonly entry: Pick<AuditEntry, 'writer' | 'n' | 'at'>;
      readonly seal: number;
    };

/**
 * Judges a statement with nothing but an exported trail. Of what an ended key signed only that counts which the trail has up
 * to the seal that the end names: whoever stole the key can sign anything, of any time, and put nothing there.
 */
export async function judgeStatement(
  text: string,
  lines: AsyncIterable<string>,
  crypto: CryptoPort,
): Promise<{ readonly trail: TrailVerdict; readonly statement: StatementWorth | undefined }> {
  const header = parse(StatementHeader, headerOf(text));
  const says = header === undefined ? undefined : sayingOf(text, header.typ);
  const found: { readonly entry: AuditEntry; readonly seal: number }[] = [];
  const trail = await verifyTrail(lines, crypto, {
    onEntry(entry, seal) {
      if (seal !== undefined && says?.(entry) === true) found.push({ entry, seal });
    },
  });
  if (!trail.ok) return { trail, statement: undefined };
  if (header === undefined || !(await verifyStatement(text, header.typ, trail.keys, crypto)).ok)
    return { trail, statement: { worth: 'not_ours' } };
  const end = trail.ends.get(header.kid);
  if (end === undefined) return { trail, statement: { worth: 'counts' } };
  const first = found.find(({ seal }) => seal <= end.n);
  if (first === undefined) return { trail, statement: { worth: 'ended' } };
  const { writer, n, at } = first.entry;
  return { trail, statement: { worth: 'sealed', entry: { writer, n, at }, seal: first.seal } };
}

/** Whether an entry of the trail says the same. Of packs, photos, rescue keys and events the trail has no such entry. */
function sayingOf(text: string, typ: StatementType): ((entry: AuditEntry) => boolean) | undefined {
  const payload = parseJws(text)?.payload;
  const receipt = typ === 'receipt+jws' ? parse(Receipt, payload) : undefined;
  if (receipt !== undefined) {
    const { id, kid, seq, digest, status } = receipt;
    return ({ step, event, subject, detail }) =>
      step === STEPS.sync &&
      event === status &&
      subject === id &&
      detail.includes(` ${seq} of ${kid}, `) &&
      detail.includes(`, digest ${digest}`);
  }
  const credential = typ === 'credential+jws' ? parse(Credential, payload) : undefined;
  if (credential !== undefined) {
    const { kid, operator, notAfter } = credential;
    return ({ step, event, actor, subject, detail }) =>
      step === STEPS.prepare &&
      event === 'capture credential issued' &&
      actor === operator &&
      subject === kid &&
      detail === `until ${notAfter}`;
  }
  return undefined;
}
