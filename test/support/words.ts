/**
 * Which of these words stand in what was said, whatever their case. Whole words: three letters alone come up in identifiers
 * and in base64 by chance.
 */
export function wordsIn(said: unknown, words: readonly string[]): string[] {
  const text = JSON.stringify(said);
  return words.filter((word) => new RegExp(`\\b${word}\\b`, 'i').test(text));
}
