import { API, type ApiName } from '../../contract/api.ts';
import { ENTITLEMENTS, type Entitlement } from '../../contract/entitlements.ts';
import * as scalars from '../../contract/scalars.ts';

/** A schema of /api/openapi.json, as far as the contract's own schemas go. */
export interface Shape {
  readonly type?: string;
  readonly enum?: readonly unknown[];
  readonly anyOf?: readonly Shape[];
  readonly properties?: Readonly<Record<string, Shape>>;
  readonly required?: readonly string[];
  readonly additionalProperties?: boolean;
  readonly items?: Shape;
  readonly pattern?: string | undefined;
  readonly minLength?: number;
  readonly maxLength?: number;
  readonly minItems?: number;
  readonly maxItems?: number;
  readonly minimum?: number;
  readonly maximum?: number;
}

type Content = Readonly<Record<string, { readonly schema: Shape }>>;

export interface Served {
  readonly operationId: string;
  readonly summary: string;
  readonly parameters?: readonly {
    readonly name: string;
    readonly in: string;
    readonly required?: boolean;
    readonly schema: Shape;
  }[];
  readonly requestBody?: { readonly content: Content };
  readonly responses: Readonly<Record<string, { readonly content?: Content }>>;
}

export interface OpenApi {
  readonly paths: Readonly<Record<string, Readonly<Record<string, Served>>>>;
}

/** What the server answers with a code of its closed list. */
export interface ProblemWords {
  readonly code: string;
  readonly status: number;
  readonly title: string;
}

/** Columns of a line within a fence. */
const WIDTH = 100;

const HEAD = `# The API

Written by \`npm run reference\` from what a server serves at \`/api/openapi.json\`; a test fails while it says anything else.
Tools that read OpenAPI 3.1 take that address itself. What the operations mean stands in [the way](way.md) and in
[operations](operations.md), what their words mean in [the words](words.md).

Bodies are JSON, at most 256 KiB, and may be sent with \`Content-Encoding: gzip\`. What does not fit its schema is refused;
nothing is converted or filled in. A signed-in person is known by a cookie, a machine client by \`Authorization: Bearer\`. A
POST must come from the installation’s own page (\`Origin\`), except from machine clients and where any page may ask. A mark
of interrogation stands behind what may be left out.`;

/** The reference as a Markdown document. */
export function apiReference(api: OpenApi, problems: readonly ProblemWords[]): string {
  const served = Object.entries(api.paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, one]) => ({ path, method: method.toUpperCase(), ...one })),
  );
  const order = Object.keys(API);
  served.sort((one, other) => order.indexOf(one.operationId) - order.indexOf(other.operationId));
  return [
    HEAD,
    problemsTable(problems),
    scalarsTable(),
    '## Operations',
    ...served.map(({ path, method, ...one }) => operation(`${method} ${path}`, one)),
    '',
  ].join('\n\n');
}

function problemsTable(problems: readonly ProblemWords[]): string {
  return [
    '## Problems',
    '',
    'A call that fails as a whole is answered with a problem document (RFC 9457, `application/problem+json`) that holds `type`,',
    '`title`, `status`, `code` and `detail`. A record that is not taken, or is held or refused, is no problem: that stands in the',
    'answer. The codes from `rekey_not_allowed` on are given to devices over EST only.',
    '',
    '| code | status | title |',
    '|---|---|---|',
    ...problems.map(({ code, status, title }) => `| \`${code}\` | ${status} | ${title} |`),
  ].join('\n');
}

const NAMED: readonly (readonly [string, Shape])[] = Object.entries(scalars).flatMap(([name, schema]) =>
  typeof schema === 'object' && 'pattern' in schema ? [[name, schema as Shape] as const] : [],
);

function scalarsTable(): string {
  const rows = NAMED.map(([name, shape]) => `| ${name} | ${bounds(shape)} |`);
  return ['## Short names', '', '| name | text |', '|---|---|', ...rows].join('\n');
}

function operation(
  call: string,
  { operationId, summary, parameters, requestBody, responses }: Served,
): string {
  const entitlement: Entitlement = ENTITLEMENTS[operationId as ApiName];
  const pieces = [
    `### ${operationId}`,
    `\`${call}\``,
    /[.?]$/.test(summary) ? summary : `${summary}.`,
    `*Who may:* ${whoMay(entitlement)}.${freshness(entitlement)}`,
  ];
  for (const place of ['path', 'query']) {
    const fields = (parameters ?? []).filter((one) => one.in === place);
    if (fields.length > 0)
      pieces.push(
        `*In the ${place}:*`,
        fence(fields.flatMap((one) => field(one.name, one.schema, one.required === true))),
      );
  }
  const body = requestBody?.content['application/json']?.schema;
  if (body !== undefined) pieces.push('*Body:*', fence(lines(body)));
  const answer = responses['200']?.content?.['application/json']?.schema;
  if (answer === undefined) throw new Error(`${operationId} has no answer`);
  pieces.push('*Answers* 200, or a problem:', fence(lines(answer)));
  return pieces.join('\n\n');
}

function whoMay({ to, records }: Entitlement): string {
  const ofOthers = records === 'others' ? ', for what somebody else asked for' : '';
  switch (to) {
    case 'anybody':
      return 'anybody';
    case 'open':
      return 'anybody, from any page; no cookie is read and nothing changes';
    case 'self':
      return 'a signed-in person, for what is theirs';
    case 'client':
      return 'a machine client with the right for the act';
    case 'installation':
      return `an installation administrator${ofOthers}`;
    default:
      return `a signed-in person who is ${to.join(', ').replace(/, (\w+)$/, ' or $1')} in the organisation${ofOthers}`;
  }
}

function freshness({ fresh }: Entitlement): string {
  if (fresh === undefined) return '';
  const acts = fresh === 'always' ? '' : ` to ${fresh.join(' or ')}`;
  return ` It asks for a sign-in of the last ten minutes${acts}.`;
}

function fence(text: readonly string[]): string {
  return ['```text', ...text.map((line) => line.replace(/^ {2}/, '')), '```'].join('\n');
}

/** The fields of an object below each other, each two further in. */
function lines(shape: Shape): string[] {
  if (shape.properties === undefined) return [`  ${inline(shape)}`];
  const all = Object.entries(shape.properties).flatMap(([name, one]) =>
    field(name, one, shape.required?.includes(name) === true),
  );
  return all.length === 0 ? ['  an empty object'] : all;
}

function field(name: string, shape: Shape, required: boolean): string[] {
  const label = `  ${name}${required ? '' : '?'}: `;
  const inner = innerObject(shape);
  if (inner === undefined) return wrapped(label, inline(shape));
  return [`${label}${inline(shape)}`, ...lines(inner).map((line) => `  ${line}`)];
}

/** The one object inside lists and alternatives, whose fields follow below. */
function innerObject(shape: Shape): Shape | undefined {
  if (shape.properties !== undefined) return shape;
  if (shape.items !== undefined) return innerObject(shape.items);
  const objects = (shape.anyOf ?? []).flatMap((one) => innerObject(one) ?? []);
  return objects.length === 1 ? objects[0] : undefined;
}

function inline(shape: Shape): string {
  const named = NAMED.find(([, one]) => sameText(one, shape));
  if (named !== undefined) return named[0];
  if (shape.enum !== undefined) return shape.enum.map((value) => JSON.stringify(value)).join(' | ');
  if (shape.anyOf !== undefined) return shape.anyOf.map(inline).join(' | ');
  switch (shape.type) {
    case 'array':
      return `list${range(shape.minItems, shape.maxItems)} of ${inline(shape.items ?? {})}`;
    case 'object':
      return Object.keys(shape.properties ?? {}).length === 0 ? 'object' : 'object with';
    case 'string':
      return text(shape);
    case 'integer':
    case 'number':
      return `${shape.type}${range(shape.minimum, shape.maximum)}`;
    case undefined:
      return 'anything';
    default:
      return shape.type;
  }
}

function text(shape: Shape): string {
  const form = FORMS.find(([pattern]) => pattern === shape.pattern);
  const told = bounds(form === undefined ? shape : { ...shape, pattern: undefined });
  return [form?.[1] ?? 'text', ...(told === '' ? [] : [told])].join(', ');
}

function sameText(one: Shape, other: Shape): boolean {
  return (
    one.pattern === other.pattern && one.minLength === other.minLength && one.maxLength === other.maxLength
  );
}

function range(least: number | undefined, most: number | undefined): string {
  if (least === undefined && most === undefined) return '';
  if (least === undefined) return ` (at most ${most})`;
  return most === undefined ? ` (at least ${least})` : ` (${least} to ${most})`;
}

/** Patterns of what has a name of its own elsewhere. */
const FORMS: readonly (readonly [string | undefined, string])[] = [
  [(scalars.CompactJws(1) as Shape).pattern, 'JWS'],
  [(scalars.Base64Url(1) as Shape).pattern, 'base64url'],
];

function bounds({ minLength, maxLength, pattern }: Shape): string {
  const length = range(minLength, maxLength).replace(/[()]/g, '').trim();
  return [...(length === '' ? [] : [`${length} characters`]), ...(pattern ? [`\`${pattern}\``] : [])].join(
    ', ',
  );
}

/** Alternatives go on below where a line has no room. */
function wrapped(label: string, text: string): string[] {
  const out: string[] = [];
  let line = label;
  for (const [index, part] of text.split(' | ').entries()) {
    const next = index === 0 ? part : ` | ${part}`;
    if (index > 0 && line.length + next.length > WIDTH) {
      out.push(line);
      line = `${' '.repeat(6)}| ${part}`;
    } else line += next;
  }
  return [...out, line];
}
