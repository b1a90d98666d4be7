import { parse } from '../../contract/parse.ts';
import { StatementHeader, type StatementKeyEnd, TrailExtract } from '../../contract/statement.ts';
import { utf8 } from '../../core/bytes.ts';
import type { CryptoPort } from '../../core/crypto.ts';
import { headerOf } from '../../core/jws.ts';
import { extendStatementKeys, keyEnd, type StatementKeys, verifyStatement } from '../../core/statement.ts';
import type { AuditEntry, AuditHead, AuditSeal } from '../ports/audit-log.ts';
import { chainStart, entryHash, hashAt } from './chain.ts';
import { type ExtractBegin, ExtractLines, entriesDigest, isWithin } from './extract-lines.ts';
import { type EntryLine, entryOf, SealStatement } from './lines.ts';
import { rootOf } from './merkle.ts';
import { Fault } from './trail-fault.ts';

export type ExtractVerdict =
  | {
      readonly ok: true;
      readonly scope: Pick<ExtractBegin, 'org' | 'device'>;
      /** Entries that are shown, those of them whose place no seal proves, and entries between them that are not shown. */
      readonly entries: number;
      readonly loose: number;
      readonly hidden: number;
      /** The installation's word that these are all, as of this seal and time. */
      readonly seal: number;
      readonly at: string;
      /** Name of the first statement key, which vouches for all that follow. */
      readonly key: string | undefined;
    }
  | { readonly ok: false; readonly where: string; readonly why: string };

/**
 * Verifies an extract with nothing but the file. Each entry that is shown was on the trail at its place when the seal behind it
 * was made, and was not changed since. That no other entry within the scope is among those that are not shown is the
 * installation's word: whoever has the whole trail can hold it to that.
 */
export async function verifyExtract(
  lines: AsyncIterable<string>,
  crypto: CryptoPort,
): Promise<ExtractVerdict> {
  const walk = new ExtractWalk(crypto);
  let number = 0;
  try {
    for await (const line of lines) await walk.take(line, `line ${++number}`);
    return walk.verdict();
  } catch (error) {
    if (error instanceof Fault) return { ok: false, where: error.where, why: error.message };
    throw error;
  }
}

class ExtractWalk {
  readonly #crypto: CryptoPort;
  #begin: ExtractBegin | undefined;
  #keys: StatementKeys = new Map();
  readonly #ends = new Map<string, StatementKeyEnd['seal']>();
  /** Digests of the seals, and what they say: by writer and number, the hash there. */
  readonly #seals = new Map<number, string>();
  readonly #sealed = new Map<string, Map<number, string>>();
  #current: AuditHead | undefined;
  readonly #shown: AuditHead[] = [];
  #loose = 0;
  #hidden = 0;
  #word: TrailExtract | undefined;

  constructor(crypto: CryptoPort) {
    this.#crypto = crypto;
  }

  async take(line: string, where: string): Promise<void> {
    let value: unknown;
    try {
      value = JSON.parse(line);
    } catch {
      throw new Fault(where, 'it is not JSON');
    }
    if (this.#word !== undefined) throw new Fault(where, 'something follows the end');
    if (this.#begin === undefined) {
      this.#begin = parse(ExtractLines.begin, value);
      if (this.#begin === undefined) throw new Fault(where, 'it does not begin as an extract');
    } else await this.#takeAny(value, where, this.#begin);
  }

  async #takeAny(value: unknown, where: string, begin: ExtractBegin): Promise<void> {
    const entry = parse(ExtractLines.entry, value)?.entry;
    if (entry !== undefined) return this.#takeEntry(entry, begin);
    const hidden = parse(ExtractLines.hidden, value)?.hidden;
    if (hidden !== undefined) {
      this.#hidden++;
      this.#follow(hidden, (prev) => hashAt(prev, hidden.n, hidden.facts));
      return;
    }
    const loose = parse(ExtractLines.loose, value)?.loose;
    if (loose !== undefined) {
      this.#loose++;
      return this.#show(entryOf(loose), begin);
    }
    const seal = parse(ExtractLines.seal, value)?.seal;
    if (seal !== undefined) return this.#takeSeal(seal, begin);
    const key = parse(ExtractLines.key, value)?.key;
    if (key !== undefined) return this.#takeKey(key, where, begin);
    const ended = parse(ExtractLines.ended, value)?.ended;
    if (ended !== undefined) return this.#takeEnd(ended, where, begin);
    const word = parse(ExtractLines.word, value)?.word;
    if (word === undefined) throw new Fault(where, 'it is none of the lines of an extract');
    return this.#takeWord(word, begin);
  }

  async #takeKey(jws: string, where: string, { aud }: ExtractBegin): Promise<void> {
    const before = this.#keys.size;
    this.#keys = await extendStatementKeys(this.#keys, [jws], aud, this.#crypto);
    if (this.#keys.size === before) throw new Fault(where, 'no key before it vouches for this key');
  }

  async #takeEnd(jws: string, where: string, { aud }: ExtractBegin): Promise<void> {
    const end = await keyEnd(jws, this.#keys, aud, this.#crypto);
    if (end === undefined || this.#ends.has(kidOf(jws)))
      throw new Fault(where, 'it is no end of a key before it by one after that');
    this.#ends.set(end.kid, end.seal);
  }

  async #takeSeal({ n, heads, jws }: AuditSeal, { aud }: ExtractBegin): Promise<void> {
    const where = `seal ${n}`;
    const opened = await verifyStatement(jws, 'audit-seal+jws', this.#keys, this.#crypto);
    if (!opened.ok) throw new Fault(where, 'it is not signed by a statement key of this installation');
    const said = parse(SealStatement, opened.payload);
    if (said?.aud !== aud || said.n !== n) throw new Fault(where, 'it says something else than it should');
    if (said.heads !== heads.length || said.root !== rootOf(heads))
      throw new Fault(where, 'the heads beside it are not those it signs');
    const last = this.#ends.get(kidOf(jws));
    if (last !== undefined && n >= last.n)
      throw new Fault(where, 'it is signed by a statement key that had ended');
    this.#seals.set(n, opened.digest);
    for (const head of heads) {
      const known = this.#sealed.get(head.writer) ?? new Map<number, string>();
      known.set(head.n, head.hash);
      this.#sealed.set(head.writer, known);
    }
  }

  #takeEntry(line: EntryLine, begin: ExtractBegin): void {
    const entry = entryOf(line);
    const where = `entry ${entry.n} of chain ${entry.writer}`;
    this.#follow(entry, (prev) => {
      if (entry.prev !== prev) throw new Fault(where, 'it does not follow the entry before it');
      return entryHash(entry);
    });
    this.#show(entry, begin);
  }

  #show(entry: AuditEntry, begin: ExtractBegin): void {
    const where = `entry ${entry.n} of chain ${entry.writer}`;
    if (entryHash(entry) !== entry.hash) throw new Fault(where, 'it was changed');
    if (!isWithin(begin, entry)) throw new Fault(where, 'it is not what the extract says that it is of');
    this.#shown.push({ writer: entry.writer, n: entry.n, hash: entry.hash });
  }

  /** Goes one place on in a stretch, or begins the next one at a place that a seal names. */
  #follow({ writer, n }: Pick<AuditHead, 'writer' | 'n'>, hashOf: (prev: string) => string): void {
    const current = this.#current;
    const follows = current !== undefined && current.writer === writer && current.n === n - 1;
    if (!follows) this.#close();
    const prev = follows
      ? current.hash
      : n === 1
        ? chainStart(writer).hash
        : this.#sealed.get(writer)?.get(n - 1);
    if (prev === undefined)
      throw new Fault(`entry ${n} of chain ${writer}`, 'no seal says what stands before it');
    this.#current = { writer, n, hash: hashOf(prev) };
  }

  /** The end of a stretch must be what a seal says. */
  #close(): void {
    const current = this.#current;
    if (current === undefined) return;
    if (this.#sealed.get(current.writer)?.get(current.n) !== current.hash)
      throw new Fault(
        `entry ${current.n} of chain ${current.writer}`,
        'no seal covers what stands up to here',
      );
    this.#current = undefined;
  }

  async #takeWord(jws: string, begin: ExtractBegin): Promise<void> {
    this.#close();
    const where = 'the word of the installation';
    const opened = await verifyStatement(jws, 'trail-extract+jws', this.#keys, this.#crypto);
    if (!opened.ok || this.#ends.has(kidOf(jws)))
      throw new Fault(where, 'it is not signed by a statement key that counts');
    const word = parse(TrailExtract, opened.payload);
    const same =
      word?.aud === begin.aud &&
      word.org === begin.org &&
      word.device?.udid === begin.device?.udid &&
      word.device?.maker === begin.device?.maker &&
      word.subjects === (await this.#crypto.digest(utf8(JSON.stringify(begin.subjects))));
    if (word === undefined || !same) throw new Fault(where, 'it is of another extract');
    if (word.entries !== this.#shown.length)
      throw new Fault(where, `it counts ${word.entries} entries, and ${this.#shown.length} are there`);
    if (word.digest !== (await entriesDigest(this.#shown, this.#crypto.sha256)))
      throw new Fault(where, 'it is of other entries');
    if (this.#seals.get(word.seal.n) !== word.seal.digest)
      throw new Fault(where, 'the seal that it names is not there');
    this.#word = word;
  }

  verdict(): ExtractVerdict {
    if (this.#begin === undefined || this.#word === undefined) throw new Fault('the end', 'it is missing');
    const { org, device } = this.#begin;
    const { seal, at } = this.#word;
    return {
      ok: true,
      scope: { org, device },
      entries: this.#shown.length,
      loose: this.#loose,
      hidden: this.#hidden,
      seal: seal.n,
      at,
      key: this.#keys.keys().next().value,
    };
  }
}

function kidOf(jws: string): string {
  return parse(StatementHeader, headerOf(jws))?.kid ?? '';
}
