import fc from 'fast-check';
import { expect, test } from 'vitest';
import { distanceMetres } from '../../core/distance.ts';

test.each([
  [
    'London to Paris',
    { latitude: 51.5007, longitude: -0.1246 },
    { latitude: 48.8584, longitude: 2.2945 },
    340_500,
  ],
  ['a degree along the equator', { latitude: 0, longitude: 10 }, { latitude: 0, longitude: 11 }, 111_195],
  ['over the date line', { latitude: 0, longitude: 179.5 }, { latitude: 0, longitude: -179.5 }, 111_195],
  ['pole to pole', { latitude: 90, longitude: 0 }, { latitude: -90, longitude: 77 }, 20_015_115],
])('%s', (_, a, b, metres) => {
  expect(distanceMetres(a, b) / metres).toBeCloseTo(1, 2);
});

test('is none to oneself, the same both ways, and never more than half way round', () => {
  const point = fc.record({
    latitude: fc.double({ min: -90, max: 90, noNaN: true }),
    longitude: fc.double({ min: -180, max: 180, noNaN: true }),
  });
  fc.assert(
    fc.property(point, point, (a, b) => {
      expect(distanceMetres(a, a)).toBe(0);
      expect(distanceMetres(a, b)).toBeCloseTo(distanceMetres(b, a), 3);
      expect(distanceMetres(a, b)).toBeLessThanOrEqual(Math.PI * 6_371_009);
    }),
  );
});
