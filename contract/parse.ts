import type { Static, TSchema } from 'typebox/type';
import { check } from '#check';

/** The value if it fits the schema, undefined otherwise. */
export function parse<T extends TSchema>(schema: T, value: unknown): Static<T> | undefined {
  return check(schema, value) ? (value as Static<T>) : undefined;
}
