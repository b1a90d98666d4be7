import { afterAll, beforeAll, expect, it } from 'vitest';
import { startTestServer, type TestServer } from '../support/server.ts';

let server: TestServer;
beforeAll(async () => {
  server = await startTestServer();
});
afterAll(() => server.close());

it('counts requests by route and status, and names nobody', async () => {
  await fetch(`${server.url}/healthz`);
  await fetch(`${server.url}/crl/northfield.crl`);
  await fetch(`${server.url}/crl/secret-name.crl`);
  await fetch(`${server.url}/api/sign-in`);
  const response = await fetch(`${server.url}/metrics`);
  expect(response.headers.get('content-type')).toContain('version=0.0.4');
  const text = await response.text();
  expect(text).toContain('fieldbind_requests_total{method="GET",route="/healthz",status="200"} 1');
  expect(text).toContain('fieldbind_requests_total{method="GET",route="/crl/:file",status="404"} 1');
  expect(text).toContain('fieldbind_requests_total{method="GET",route="/api/sign-in",status="200"} 1');
  expect(text).toContain('fieldbind_undecided_records 0');
  expect(text).not.toMatch(/northfield|secret-name/);
  // Every line is a comment or a name, its labels and a number.
  for (const line of text.trimEnd().split('\n')) {
    expect(line).toMatch(/^(# (TYPE|HELP) .*|[a-z_]+(\{[^}]*\})? [0-9.e+-]+)$/);
  }
});
