import { type Here, type Whereabouts, WhereaboutsError } from '../ports/whereabouts.ts';

/** A phone indoors needs a while; who waits longer than this goes on without. */
const TIMEOUT_MS = 20_000;

/** The browser's Geolocation, which asks the person by itself. */
export const whereabouts: Whereabouts = {
  here: () =>
    new Promise<Here>((resolve, reject) => {
      if (!('geolocation' in navigator)) {
        reject(new WhereaboutsError('location_unknown'));
        return;
      }
      navigator.geolocation.getCurrentPosition(
        ({ coords: { latitude, longitude, accuracy } }) =>
          resolve({ latitude, longitude, accuracyMetres: Math.ceil(accuracy) }),
        ({ code }) => reject(new WhereaboutsError(CODES[code] ?? 'location_unknown')),
        { enableHighAccuracy: true, timeout: TIMEOUT_MS, maximumAge: 0 },
      );
    }),
};

/** GeolocationPositionError (W3C Geolocation, section 6.5). */
const CODES: Readonly<Record<number, WhereaboutsError['code']>> = {
  1: 'location_denied',
  2: 'location_unknown',
  3: 'location_slow',
};
