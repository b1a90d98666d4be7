import { Check } from 'typebox/schema';
import type { Static, TSchema } from 'typebox/type';

/** The value if it fits the schema, undefined otherwise. Interpreted, so that the page needs no `new Function`. */
export function parse<T extends TSchema>(schema: T, value: unknown): Static<T> | undefined {
  return Check(schema, value) ? (value as Static<T>) : undefined;
}
