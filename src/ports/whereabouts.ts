/** `latitude` and `longitude` in degrees (WGS 84). */
export interface Here {
  readonly latitude: number;
  readonly longitude: number;
  readonly accuracyMetres: number;
}

export const WHEREABOUTS_CODES = ['location_denied', 'location_unknown', 'location_slow'] as const;
export type WhereaboutsCode = (typeof WHEREABOUTS_CODES)[number];

/** Where this phone is, asked for when a person wants it said, never before. */
export interface Whereabouts {
  /** Rejects with WhereaboutsError only. */
  here(): Promise<Here>;
}

export class WhereaboutsError extends Error {
  override readonly name = 'WhereaboutsError';
  readonly code: WhereaboutsCode;

  constructor(code: WhereaboutsCode) {
    super(code);
    this.code = code;
  }
}
