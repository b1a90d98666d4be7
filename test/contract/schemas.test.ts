import { describe, expect, test } from 'vitest';
import { API } from '../../contract/api.ts';
import { parse } from '../../contract/parse.ts';
import { CASES } from './schemas.ts';

interface Shape {
  readonly type?: string;
  readonly properties?: Record<string, Shape>;
  readonly required?: readonly string[];
  readonly additionalProperties?: boolean;
  readonly items?: Shape;
  readonly anyOf?: readonly Shape[];
}

/** A value of a kind that fits no schema of ours, for each kind of place. */
const WRONG = [Symbol('wrong'), {}, [], -1.5, '\u0000', true] as const;

/** Every place in a value, as the path to it. */
function* places(value: unknown, path: readonly (string | number)[] = []): Generator<(string | number)[]> {
  if (typeof value !== 'object' || value === null) return;
  for (const key of Array.isArray(value) ? value.keys() : Object.keys(value)) {
    yield [...path, key];
    yield* places((value as Record<string | number, unknown>)[key], [...path, key]);
  }
}

function changed(
  value: unknown,
  path: readonly (string | number)[],
  change: (at: unknown) => unknown,
): unknown {
  const [key, ...rest] = path;
  if (key === undefined) return change(value);
  const copy = (Array.isArray(value) ? [...value] : { ...(value as object) }) as Record<
    string | number,
    unknown
  >;
  const inner = changed(copy[key], rest, change);
  if (inner === undefined) delete copy[key];
  else copy[key] = inner;
  return copy;
}

/** The schema of a place, and whether the place may be absent. */
function shapeAt(shape: Shape, path: readonly (string | number)[]): { shape: Shape; optional: boolean } {
  let here = shape;
  let optional = false;
  for (const key of path) {
    const object = here.anyOf?.find((one) => one.type !== 'null') ?? here;
    optional = typeof key === 'string' && !(object.required ?? []).includes(key);
    const next = typeof key === 'number' ? object.items : object.properties?.[key];
    if (next === undefined) throw new Error(`no schema at ${path.join('.')}`);
    here = next;
  }
  return { shape: here, optional };
}

describe.each(Object.entries(CASES))('%s', (_, { schema, value }) => {
  const shape = schema as Shape;

  test('accepts its default, and hands back that very value', () => {
    expect(parse(schema, value)).toBe(value);
  });

  test('refuses a value of another kind at every place, and takes it back from none', () => {
    for (const path of places(value)) {
      const accepted = WRONG.filter(
        (wrong) =>
          parse(
            schema,
            changed(value, path, () => wrong),
          ) !== undefined,
      );
      const { shape: here } = shapeAt(shape, path);
      // Free text takes any text, a flag `true`, a decimal any number, a list no elements; each takes only its own kind.
      const kinds = accepted.map((wrong) => (Array.isArray(wrong) ? 'array' : typeof wrong));
      const own = here.type === 'integer' ? 'number' : here.type;
      expect(
        kinds.filter((kind) => kind !== own),
        path.join('.'),
      ).toEqual([]);
    }
  });

  test('refuses it with any required part missing, and takes it with any optional part missing', () => {
    for (const path of places(value)) {
      if (typeof path.at(-1) === 'number') continue;
      const { optional } = shapeAt(shape, path);
      const without = parse(
        schema,
        changed(value, path, () => undefined),
      );
      expect(without !== undefined, path.join('.')).toBe(optional);
    }
  });

  test('refuses an unknown part wherever it is closed', () => {
    for (const path of [[], ...places(value)]) {
      const at = path.length === 0 ? value : undefined;
      const { shape: here } = at === undefined ? shapeAt(shape, path) : { shape };
      const object = here.anyOf?.find((one) => one.type === 'object') ?? here;
      if (object.type !== 'object') continue;
      const extra = changed(value, path, (inner) => ({ ...(inner as object), unknown: 1 }));
      expect(parse(schema, extra) === undefined, path.join('.')).toBe(object.additionalProperties === false);
    }
  });

  test.each([undefined, null, 'text', 7, []])('is not %j', (other) => {
    expect(parse(schema, other)).toBeUndefined();
  });
});

/** What the phone or the backend signs must have no room for what nobody checks. */
test('everything that is signed, and every request, is closed all the way down', () => {
  const signed = [
    'Registration',
    'NewRegistration',
    'Confirmation',
    'Void',
    'Credential',
    'Amendment',
    'SiteRecord',
    'Receipt',
    'StatementKey',
    'WorkPack',
  ];
  const headers = ['RecordHeader', 'StatementHeader', 'PublicJwk', 'EnrolProof'];
  const requests = ['BatchRequest', 'EnrolRequest', 'SignInRequest', 'ApprovalRequest', 'ListImport'];
  const open = (shape: Shape, at: string): string[] => {
    const parts = Object.entries(shape.properties ?? {});
    const here = shape.type === 'object' && shape.additionalProperties !== false ? [at] : [];
    const inner = [...(shape.anyOf ?? []), ...(shape.items === undefined ? [] : [shape.items])];
    return [
      ...here,
      ...parts.flatMap(([name, part]) => open(part, `${at}.${name}`)),
      ...inner.flatMap((part) => open(part, at)),
    ];
  };
  for (const name of [...signed, ...headers, ...requests]) {
    expect(open(CASES[name]?.schema as Shape, name)).toEqual([]);
  }
});

test('every body and answer of the API is a schema that is tested here', () => {
  const tested = new Set(Object.values(CASES).map(({ schema }) => schema));
  const operations = Object.entries(API).flatMap(([name, operation]) => [
    [`${name} answer`, operation.answer] as const,
    ...('body' in operation ? [[`${name} body`, operation.body] as const] : []),
  ]);
  // Of an object that says nothing there is nothing to test.
  const nothing = API.signOut.answer;
  const missing = operations.filter(([, schema]) => schema !== nothing && !tested.has(schema));
  expect(missing.map(([name]) => name)).toEqual([]);
});
