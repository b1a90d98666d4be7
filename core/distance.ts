/** Mean radius of the Earth in metres (IUGG). */
const EARTH = 6_371_008.8;
const RADIANS = Math.PI / 180;

interface Point {
  readonly latitude: number;
  readonly longitude: number;
}

/** Along the surface of a sphere (haversine): good to half a per cent, for "is this person at that site". */
export function distanceMetres(a: Point, b: Point): number {
  const dLatitude = (b.latitude - a.latitude) * RADIANS;
  const dLongitude = (b.longitude - a.longitude) * RADIANS;
  const h =
    Math.sin(dLatitude / 2) ** 2 +
    Math.cos(a.latitude * RADIANS) * Math.cos(b.latitude * RADIANS) * Math.sin(dLongitude / 2) ** 2;
  return 2 * EARTH * Math.asin(Math.min(1, Math.sqrt(h)));
}
