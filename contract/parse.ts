import { Check } from 'typebox/schema';
import type { Static, TSchema } from 'typebox/type';

/** Whether a value fits a schema. */
export type Checker = (schema: TSchema, value: unknown) => boolean;

/** Interpreted unless a runtime that may compile says otherwise: the page has no `new Function`. */
let check: Checker = Check;

/** Takes another way of checking, once, where a program starts. It must judge the same. */
export function checkWith(other: Checker): void {
  check = other;
}

/** The value if it fits the schema, undefined otherwise. */
export function parse<T extends TSchema>(schema: T, value: unknown): Static<T> | undefined {
  return check(schema, value) ? (value as Static<T>) : undefined;
}
