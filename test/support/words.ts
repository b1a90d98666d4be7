/** A PEM block: in its base64 anything may come up, and nothing can be read. */
const PEM = /-----BEGIN [A-Z ]+-----[\s\S]*?-----END [A-Z ]+-----/g;
/** Shorter ones come up in identifiers by chance, so they are looked for as whole words. */
const LONG = 5;

/** Which of these words stand in what was said, names of fields included, whatever their case. Throws if nothing was said. */
export function wordsIn(said: unknown, words: readonly string[]): string[] {
  const texts: string[] = [];
  collect(said, texts);
  if (texts.length === 0) throw new Error('nothing was said');
  return words.filter((word) => {
    const found = new RegExp(word.length < LONG ? `(?<![a-z0-9])${word}(?![a-z0-9])` : word, 'i');
    return texts.some((text) => found.test(text));
  });
}

function collect(said: unknown, texts: string[]): void {
  if (typeof said === 'string') texts.push(said.replaceAll(PEM, ''));
  else if (typeof said === 'object' && said !== null)
    for (const [name, one] of Object.entries(said)) {
      texts.push(name);
      collect(one, texts);
    }
}
