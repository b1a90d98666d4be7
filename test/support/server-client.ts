import { createClient } from '../../server/organisations/clients.ts';
import type { ClientRight } from '../../server/ports/clients.ts';
import type { TestServer } from './server.ts';
import type { Reply } from './server-operator.ts';

let count = 0;

/** A new machine client of northfield: its token. */
export async function clientToken(server: TestServer, rights: readonly ClientRight[]): Promise<string> {
  const wanted = { name: `crm-${process.pid}-${++count}`, org: 'northfield', rights, by: 'test' };
  const made = await createClient(wanted, server.running.installation);
  if (!made.ok) throw new Error(made.why);
  return made.token;
}

/** What a machine client sends: a token, and nothing that a browser would add. */
export async function sendAsClient(
  server: TestServer,
  token: string,
  { maker, udid }: { readonly maker: string; readonly udid: string },
  body: object,
): Promise<Reply> {
  const response = await fetch(`${server.url}/api/client/devices/${maker}/${udid}`, {
    method: 'POST',
    // fetch of Node adds this by itself, as no machine client's library does on its own
    headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
    body: JSON.stringify(body),
  });
  return { status: response.status, headers: response.headers, body: await response.json() };
}
