import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { ApiName } from '../../contract/api.ts';
import { ENTITLEMENTS, type Entitlement } from '../../contract/entitlements.ts';
import { startTestServer, type TestServer } from '../support/server.ts';
import { closeFaultless } from '../support/server-faults.ts';

interface Described {
  readonly operationId: ApiName;
  readonly security: readonly Record<string, readonly string[]>[];
}

let server: TestServer;
beforeAll(async () => {
  server = await startTestServer();
});
afterAll(() => closeFaultless(server));

describe('the description of the API', () => {
  it('says of each operation what its caller must show, and how that is shown', async () => {
    const answer = await fetch(`${server.url}/api/openapi.json`);
    const { paths, components } = (await answer.json()) as {
      paths: Record<string, Record<string, Described>>;
      components: { securitySchemes: Record<string, object> };
    };
    expect(components.securitySchemes).toMatchObject({
      session: { type: 'apiKey', in: 'cookie', name: '__Host-fieldbind' },
      client: { type: 'http', scheme: 'bearer' },
    });
    const said = Object.values(paths)
      .flatMap((methods) => Object.values(methods))
      .map(({ operationId, security }) => [operationId, security.flatMap((one) => Object.keys(one))]);
    const asked = Object.entries<Entitlement>(ENTITLEMENTS).map(([name, { to }]) => {
      if (to === 'anybody' || to === 'open') return [name, []];
      return [name, [to === 'client' ? 'client' : 'session']];
    });
    expect(said.sort()).toEqual(asked.sort());
  });
});
