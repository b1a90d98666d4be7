/**
 * Which of these words stand in what was said, whatever their case. Whole words, and not in certificates: a few letters
 * come up in identifiers and in base64 by chance.
 */
export function wordsIn(said: unknown, words: readonly string[]): string[] {
  const texts: string[] = [];
  collect(said, texts);
  if (texts.length === 0) throw new Error('nothing was said');
  return words.filter((word) => {
    const whole = new RegExp(`(?<![a-z0-9])${word}(?![a-z0-9])`, 'i');
    return texts.some((text) => whole.test(text));
  });
}

function collect(said: unknown, texts: string[]): void {
  if (typeof said === 'string' && !said.startsWith('-----BEGIN')) texts.push(said);
  else if (typeof said === 'object' && said !== null)
    for (const [name, one] of Object.entries(said)) {
      texts.push(name);
      collect(one, texts);
    }
}
