import { tidy } from '../../core/place.ts';

/** One thing to choose from a long list. */
export interface PickEntry {
  readonly value: string;
  readonly title: string;
  /** What tells two of one title apart. */
  readonly sub?: string;
  /** It stands before all others, whatever it is called. */
  readonly first?: true;
}

/** As people count: Flat 2 before Flat 10. */
export const natural = new Intl.Collator(undefined, { numeric: true, sensitivity: 'base' });

/** In natural order, each title on one line. */
export function inOrder(entries: readonly PickEntry[]): readonly PickEntry[] {
  return entries
    .map((entry) => ({ ...entry, title: tidy(entry.title) }))
    .sort(
      (a, b) =>
        Number(b.first ?? false) - Number(a.first ?? false) ||
        natural.compare(a.title, b.title) ||
        natural.compare(a.sub ?? '', b.sub ?? ''),
    );
}

/** Those in which each of these words occurs, whatever their case and accents; those that begin so come first. */
export function matching(entries: readonly PickEntry[], words: string): readonly PickEntry[] {
  const wanted = plain(words).split(' ').filter(Boolean);
  if (wanted.length === 0) return entries;
  const found = entries.filter(({ title, sub = '' }) => {
    const text = `${plain(title)} ${plain(sub)}`;
    return wanted.every((word) => text.includes(word));
  });
  const [first = ''] = wanted;
  const begins = ({ title }: PickEntry) => plain(title).startsWith(first);
  return [...found.filter(begins), ...found.filter((entry) => !begins(entry))];
}

/** Whether something is called just this. */
export function isTaken(entries: readonly PickEntry[], title: string): boolean {
  const wanted = plain(title);
  return entries.some((entry) => plain(entry.title) === wanted);
}

function plain(text: string): string {
  return tidy(text).toLowerCase().normalize('NFKD').replace(/\p{M}/gu, '');
}
