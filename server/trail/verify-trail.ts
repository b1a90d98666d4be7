import { parse } from '../../contract/parse.ts';
import { StatementHeader, type StatementKeyEnd } from '../../contract/statement.ts';
import type { CryptoPort } from '../../core/crypto.ts';
import { headerOf } from '../../core/jws.ts';
import { extendStatementKeys, keyEnd, type StatementKeys, verifyStatement } from '../../core/statement.ts';
import type { AuditEntry, AuditHead, AuditSeal } from '../ports/audit-log.ts';
import { chainStart, entryHash } from './chain.ts';
import { entryOf, Lines, SealStatement, type TrailParts, trailLines } from './lines.ts';
import { rootOf } from './merkle.ts';
import { STEPS } from './steps.ts';
import { Fault } from './trail-fault.ts';

export type TrailVerdict =
  | {
      readonly ok: true;
      readonly entries: number;
      readonly writers: number;
      readonly seals: number;
      /** Number of entries that no seal covers yet; if some of them were cut off, that would not show. */
      readonly unsealed: number;
      /** Digest of the newest seal. */
      readonly seal: string | undefined;
      /** Name of the first statement key, which vouches for all that follow. */
      readonly key: string | undefined;
      /** All statement keys, ended ones too, and the seals up to which ended ones count. */
      readonly keys: StatementKeys;
      readonly ends: ReadonlyMap<string, StatementKeyEnd['seal']>;
    }
  | { readonly ok: false; readonly where: string; readonly why: string };

type SealedPlace = Pick<AuditHead, 'writer' | 'n'>;

interface SealedHead extends AuditHead {
  readonly seal: number;
}

/**
 * Verifies an exported trail, with nothing but the file. It finds any entry that was changed, removed or inserted,
 * and any chain that was cut off before its last sealed entry. It cannot find that the newest seals were cut off with
 * everything they cover, nor that the whole trail was made up under other keys: so it reports the newest seal and the
 * first key, to be compared with those written down before. `sealed`: how far chains were sealed as far as something else
 * than the seals remembers.
 */
export async function verifyTrail(
  lines: AsyncIterable<string>,
  crypto: CryptoPort,
  { sealed = [], onEntry }: TrailOptions = {},
): Promise<TrailVerdict> {
  const trail = new TrailWalk(crypto, onEntry);
  let number = 0;
  try {
    for await (const line of lines) {
      number++;
      await trail.take(readLine(line, number), number);
    }
    return trail.verdict(sealed);
  } catch (error) {
    if (error instanceof Fault) return { ok: false, where: error.where, why: error.message };
    throw error;
  }
}

function readLine(line: string, number: number): unknown {
  try {
    return JSON.parse(line);
  } catch {
    throw new Fault(`line ${number}`, 'it is not JSON');
  }
}

function kidOf(jws: string): string | undefined {
  return parse(StatementHeader, headerOf(jws))?.kid;
}

interface TrailOptions {
  readonly sealed?: readonly SealedPlace[];
  /** Called with each entry and the first seal that covers it. What it hears is true only if the verdict is good. */
  readonly onEntry?: (entry: AuditEntry, seal: number | undefined) => void;
}

class TrailWalk {
  readonly #onEntry: TrailOptions['onEntry'];
  readonly #crypto: CryptoPort;
  #aud: string | undefined;
  #keys: StatementKeys = new Map();
  #seals = 0;
  #seal: string | null = null;
  #entries = 0;
  #ended = false;
  /** The sealed heads that each chain must reach, in order, and how far each chain was verified. */
  readonly #ends = new Map<string, StatementKeyEnd['seal']>();
  readonly #endsTold = new Set<string>();
  readonly #sealed = new Map<string, SealedHead[]>();
  readonly #heads = new Map<string, AuditHead>();
  /** How far the seals reach. */
  readonly #reached = new Map<string, number>();
  #unsealed = 0;

  constructor(crypto: CryptoPort, onEntry: TrailOptions['onEntry']) {
    this.#crypto = crypto;
    this.#onEntry = onEntry;
  }

  async take(line: unknown, number: number): Promise<void> {
    const where = `line ${number}`;
    if (this.#ended) throw new Fault(where, 'something follows the end');
    const begin = parse(Lines.begin, line);
    if (begin !== undefined && number === 1) this.#aud = begin.aud;
    else if (this.#aud === undefined) throw new Fault(where, 'it does not begin as a trail');
    else await this.#takeAny(line, where, this.#aud);
  }

  async #takeAny(line: unknown, where: string, aud: string): Promise<void> {
    const entry = parse(Lines.entry, line)?.entry;
    if (entry !== undefined) return this.#takeEntry(entryOf(entry));
    const seal = parse(Lines.seal, line)?.seal;
    if (seal !== undefined) return this.#takeSeal(seal, aud);
    const key = parse(Lines.key, line)?.key;
    if (key !== undefined) return this.#takeKey(key, where, aud);
    const ended = parse(Lines.ended, line)?.ended;
    if (ended !== undefined) return this.#takeEnd(ended, where, aud);
    const end = parse(Lines.end, line)?.end;
    if (end === undefined) throw new Fault(where, 'it is none of the lines of a trail');
    if (end.seals !== this.#seals || end.entries !== this.#entries)
      throw new Fault(where, 'it counts other seals or entries than there are');
    this.#ended = true;
  }

  async #takeKey(jws: string, where: string, aud: string): Promise<void> {
    const before = this.#keys.size;
    this.#keys = await extendStatementKeys(this.#keys, [jws], aud, this.#crypto);
    if (this.#keys.size === before) throw new Fault(where, 'no key before it vouches for this key');
  }

  async #takeEnd(jws: string, where: string, aud: string): Promise<void> {
    const end = await keyEnd(jws, this.#keys, aud, this.#crypto);
    const signer = kidOf(jws);
    if (end === undefined || signer === undefined || this.#ends.has(signer) || this.#ends.has(end.kid))
      throw new Fault(where, 'it is no end of a key before it by one after that');
    this.#ends.set(end.kid, end.seal);
  }

  /** What an ended key sealed counts up to the seal that its end names, which a later key signed. */
  #checkEnds(n: number, jws: string, digest: string): void {
    const last = this.#ends.get(kidOf(jws) ?? '');
    if (last !== undefined && n >= last.n)
      throw new Fault(`seal ${n}`, 'it is signed by a statement key that had ended');
    for (const seal of this.#ends.values())
      if (seal.n === n && seal.digest !== digest)
        throw new Fault(`seal ${n}`, 'the end of a statement key names another one');
  }

  async #takeSeal({ n, heads, jws }: AuditSeal, aud: string): Promise<void> {
    const where = `seal ${n}`;
    if (this.#entries > 0) throw new Fault(where, 'it stands after the entries');
    if (n !== this.#seals + 1) throw new Fault(`seal ${this.#seals + 1}`, 'a seal is missing');
    const opened = await verifyStatement(jws, 'audit-seal+jws', this.#keys, this.#crypto);
    if (!opened.ok) throw new Fault(where, 'it is not signed by a statement key of this installation');
    const statement = parse(SealStatement, opened.payload);
    if (statement?.aud !== aud || statement.n !== n)
      throw new Fault(where, 'it says something else than it should');
    this.#checkEnds(n, jws, opened.digest);
    if (statement.prev !== this.#seal) throw new Fault(where, 'it does not follow the seal before it');
    if (statement.heads !== heads.length || statement.root !== rootOf(heads))
      throw new Fault(where, 'the heads beside it are not those it signs');
    for (const head of heads) {
      const expected = this.#sealed.get(head.writer) ?? [];
      if (head.n <= (expected.at(-1)?.n ?? 0)) throw new Fault(where, `chain ${head.writer} went back`);
      expected.push({ ...head, seal: n });
      this.#sealed.set(head.writer, expected);
      this.#reached.set(head.writer, head.n);
    }
    this.#seals = n;
    this.#seal = opened.digest;
  }

  #takeEntry(entry: AuditEntry): void {
    const { writer, n } = entry;
    const head = this.#heads.get(writer) ?? chainStart(writer);
    const where = (number: number) => `entry ${number} of chain ${writer}`;
    if (n !== head.n + 1) throw new Fault(where(head.n + 1), 'an entry is missing');
    if (entry.prev !== head.hash) throw new Fault(where(n), 'it does not follow the entry before it');
    if (entryHash(entry) !== entry.hash) throw new Fault(where(n), 'it was changed');
    const sealed = this.#sealed.get(writer);
    const [next] = sealed ?? [];
    this.#onEntry?.(entry, next?.seal);
    if (next === undefined) this.#unsealed++;
    else if (next.n === n) {
      if (next.hash !== entry.hash) throw new Fault(where(n), `seal ${next.seal} was made over another one`);
      sealed?.shift();
    }
    if (entry.step === STEPS.admin && entry.event === 'statement key ended')
      this.#endsTold.add(entry.subject);
    this.#heads.set(writer, { writer, n, hash: entry.hash });
    this.#entries++;
  }

  verdict(sealed: readonly SealedPlace[]): TrailVerdict {
    for (const { writer, n } of sealed)
      if ((this.#reached.get(writer) ?? 0) < n)
        throw new Fault(
          `seal ${this.#seals + 1}`,
          `a seal is missing: chain ${writer} was sealed up to ${n}`,
        );
    for (const [writer, [next]] of this.#sealed) {
      if (next === undefined) continue;
      const reached = this.#heads.get(writer)?.n ?? 0;
      throw new Fault(
        `entry ${reached + 1} of chain ${writer}`,
        `it was cut off: seal ${next.seal} covers ${next.n}`,
      );
    }
    for (const { n } of this.#ends.values())
      if (n > this.#seals)
        throw new Fault(
          `seal ${this.#seals + 1}`,
          `a seal is missing: the end of a statement key names ${n}`,
        );
    for (const kid of this.#endsTold)
      if (!this.#ends.has(kid)) throw new Fault(`key ${kid}`, 'it was ended, and its end is missing');
    if (!this.#ended) throw new Fault('the end', 'it is missing');
    return {
      ok: true,
      entries: this.#entries,
      writers: this.#heads.size,
      seals: this.#seals,
      unsealed: this.#unsealed,
      seal: this.#seal ?? undefined,
      key: this.#keys.keys().next().value,
      keys: this.#keys,
      ends: this.#ends,
    };
  }
}

/**
 * The same for the trail of an open installation, whose heads remember how far they were sealed. They are read before the
 * seals, so that a seal that is made meanwhile is not missed.
 */
export async function verifyAudit(
  installation: TrailParts & { readonly crypto: CryptoPort },
): Promise<TrailVerdict> {
  const sealed = await installation.stores.audit.sealed();
  return verifyTrail(trailLines(installation), installation.crypto, { sealed });
}
