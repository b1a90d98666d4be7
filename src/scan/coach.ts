import type { Attempt } from './decode/reading.ts';
import type { ScanHint } from './result.ts';

/** Milliseconds; starting points, to be tuned on phones. */
const NOTHING_AFTER = 3_000;
const UNREADABLE_AFTER = 1_000;
/** A code not seen again for this long has left the picture. */
const LOST_AFTER = 1_500;
const DARK_AFTER = 1_000;
const OTHER_WAYS_AFTER = 8_000;
const REST_AFTER = 60_000;
/** Mean brightness of 255 below which a torch helps. */
const DARK = 50;

/** Turns attempts that read nothing into advice, each piece once per wait. Pure: the caller tells the time. */
export class Coach {
  #since: number;
  #nothingSince: number;
  #unreadSince: number | undefined;
  #darkSince: number | undefined;
  readonly #shown = new Set<ScanHint>();

  /** @param now milliseconds, any origin. */
  constructor(now: number) {
    this.#since = now;
    this.#nothingSince = now;
  }

  /** What to say now; mostly nothing. */
  attempt(attempt: Attempt, brightness: number, now: number): readonly ScanHint[] {
    if (attempt.kind === 'read') return this.#restart(now);
    if (attempt.kind === 'located') {
      this.#nothingSince = now;
      this.#unreadSince ??= now;
    } else if (now - this.#nothingSince > LOST_AFTER) {
      this.#unreadSince = undefined;
    }
    this.#darkSince = brightness < DARK ? (this.#darkSince ?? now) : undefined;
    const due: ScanHint[] = [];
    if (this.#darkSince !== undefined && now - this.#darkSince >= DARK_AFTER) due.push('dark');
    if (this.#unreadSince !== undefined && now - this.#unreadSince >= UNREADABLE_AFTER)
      due.push('located_unreadable');
    if (now - this.#nothingSince >= NOTHING_AFTER) due.push('nothing_located');
    if (now - this.#since >= OTHER_WAYS_AFTER) due.push('offer_other_ways');
    if (now - this.#since >= REST_AFTER) due.push('resting');
    const fresh = due.filter((hint) => !this.#shown.has(hint));
    for (const hint of fresh) this.#shown.add(hint);
    return fresh;
  }

  /** How long nothing has been read, milliseconds. */
  waited(now: number): number {
    return now - this.#since;
  }

  #restart(now: number): readonly ScanHint[] {
    const spoke = this.#shown.size > 0;
    this.#since = now;
    this.#nothingSince = now;
    this.#unreadSince = undefined;
    this.#darkSince = undefined;
    this.#shown.clear();
    return spoke ? ['searching'] : [];
  }
}
