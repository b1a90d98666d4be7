/** To the next power of two by repeating the last, so that few shapes of statement stay prepared. */
export function padded(keys: readonly string[]): readonly string[] {
  const last = keys.at(-1);
  if (last === undefined) return keys;
  const length = 2 ** Math.ceil(Math.log2(keys.length));
  return [...keys, ...Array<string>(length - keys.length).fill(last)];
}
