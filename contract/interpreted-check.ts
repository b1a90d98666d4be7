import { Check } from 'typebox/schema';
import type { TSchema } from 'typebox/type';

/** Whether a value fits a schema. */
export type Checker = (schema: TSchema, value: unknown) => boolean;

/** Interprets the schema each time. The page's content security policy forbids `new Function`, so it cannot compile one. */
export const check: Checker = Check;
