import fc from 'fast-check';

/** Lines with one changed, taken out, put twice or moved. A change may give the same lines again. */
export function brokenLines(lines: readonly string[]): fc.Arbitrary<readonly string[]> {
  const place = fc.nat({ max: lines.length - 1 });
  return fc.oneof(
    place.map((at) => lines.filter((_, index) => index !== at)),
    place.map((at) => lines.flatMap((line, index) => (index === at ? [line, line] : [line]))),
    fc.tuple(place, place).map(([from, to]) => {
      const rest = lines.filter((_, index) => index !== from);
      return [...rest.slice(0, to), lines[from] ?? '', ...rest.slice(to)];
    }),
    fc.tuple(place, fc.nat(), fc.integer({ min: 32, max: 126 })).map(([at, offset, code]) =>
      lines.map((line, index) => {
        if (index !== at) return line;
        const k = offset % line.length;
        return line.slice(0, k) + String.fromCharCode(code) + line.slice(k + 1);
      }),
    ),
  );
}
