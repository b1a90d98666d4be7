import Fastify from 'fastify';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { API } from '../../contract/api.ts';
import { PROBLEM_CODES } from '../../contract/codes.ts';
import { ProblemError, translateErrors } from '../../server/faces/problem.ts';
import { apiReference, type OpenApi, type ProblemWords, type Shape } from '../support/api-reference.ts';
import { startTestServer, type TestServer } from '../support/server.ts';

/** `docs/api.md` says what a server serves. `npm run reference` writes it anew: this same test, told to update the file. */
const FILE = '../../docs/api.md';

let server: TestServer;
let api: OpenApi;
let text: string;
let problems: readonly ProblemWords[];

beforeAll(async () => {
  server = await startTestServer();
  api = (await (await fetch(`${server.url}/api/openapi.json`)).json()) as OpenApi;
  problems = await allProblems();
  text = apiReference(api, problems);
});
afterAll(() => server.close());

/** Status and title as they are really answered. */
async function allProblems(): Promise<ProblemWords[]> {
  const app = Fastify();
  translateErrors(app, () => undefined);
  for (const code of PROBLEM_CODES)
    app.get(`/${code}`, () => {
      throw new ProblemError(code);
    });
  const answers = PROBLEM_CODES.map(async (code) => (await app.inject(`/${code}`)).json<ProblemWords>());
  return Promise.all(answers);
}

/** What a schema names by closed lists, at any depth: the codes above all. */
function listed(shape: Shape): unknown[] {
  return [
    ...(shape.enum ?? []),
    ...[
      ...(shape.anyOf ?? []),
      ...Object.values(shape.properties ?? {}),
      ...(shape.items ? [shape.items] : []),
    ].flatMap(listed),
  ];
}

function sectionOf(name: string): string {
  const [, after = ''] = text.split(`\n### ${name}\n`);
  return after.split('\n### ')[0] ?? '';
}

describe('the reference of the API', () => {
  it('is what stands in the documents', async () => {
    await expect(text).toMatchFileSnapshot(FILE);
  });

  it('has every operation of the contract, once, with its call', () => {
    const headings = [...text.matchAll(/^### (\w+)$/gm)].map((match) => match[1]);
    expect(headings).toEqual(Object.keys(API));
    for (const [name, { method, path, summary }] of Object.entries(API)) {
      expect(sectionOf(name)).toContain(`\`${method} ${path.replace(/:(\w+)/g, '{$1}')}\``);
      expect(sectionOf(name)).toContain(summary);
    }
  });

  it('has every code: of problems with its status, of bodies and answers with its operation', () => {
    for (const { code, status } of problems) expect(text).toContain(`| \`${code}\` | ${status} |`);
    let seen = 0;
    for (const one of Object.values(api.paths).flatMap((methods) => Object.values(methods))) {
      const section = sectionOf(one.operationId);
      const shapes = [one.requestBody?.content, one.responses['200']?.content].flatMap((content) =>
        Object.values(content ?? {}).map(({ schema }) => schema),
      );
      const codes = [...shapes, ...(one.parameters ?? []).map(({ schema }) => schema)].flatMap(listed);
      seen += codes.length;
      expect(codes.filter((code) => !section.includes(JSON.stringify(code)))).toEqual([]);
    }
    expect(seen).toBeGreaterThan(100);
  });
});
