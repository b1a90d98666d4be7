import type { InvitationLink } from '../../contract/account.ts';
import type { Role, Session } from '../../contract/operator.ts';
import { BrowserOf } from './browser-of.ts';
import { HARBOUR, OAK_STREET, type TestServer } from './server.ts';
import { makeOperatorKey, TestOperator } from './server-operator.ts';

/** The places of the demo with real people: a server that was started without demo, set up by its first administrator. */
export interface RealPeople {
  readonly administrator: BrowserOf;
  /** Anna, as whoever asks the API for what became of records. */
  readonly desk: TestOperator;
  /** Gives a person of this role a browser with a passkey of theirs; they practise too. */
  join(name: string, role: Role): Promise<{ readonly browser: BrowserOf; readonly operator: string }>;
}

const ORG = 'northfield';

/** @param url where the app's page comes from */
export async function setUpPeople(server: TestServer, url = server.url): Promise<RealPeople> {
  const administrator = new BrowserOf(url);
  const org = { name: ORG, title: 'Northfield Installations' };
  const made = await administrator.join(server.running.setUpLink ?? '', { name: 'Anna Berg', org });
  if (made.status !== 200) throw new Error(`not set up: ${JSON.stringify(made.body)}`);
  const run = async (...words: string[]) => {
    const { code, out } = await server.fieldbind(...words);
    if (code !== 0) throw new Error(out);
  };
  await run('org', 'create', 'training', '--title', 'Practice', '--training');
  for (const [name, of, title] of [
    [OAK_STREET, ORG, 'Oak Street 12'],
    [HARBOUR, ORG, 'Harbour depot'],
    ['practice.training.fieldbind.internal', 'training', 'Practice site'],
  ] as const)
    await run('domain', 'create', name, '--org', of, '--title', title);
  const cookie = [...administrator.cookies].map(([name, value]) => `${name}=${value}`).join('; ');
  return {
    administrator,
    desk: new TestOperator(url, cookie, made.body as Session, await makeOperatorKey()),
    async join(name, role) {
      const { body } = await administrator.post(`/api/invitations?org=${ORG}`, { name, role });
      const browser = new BrowserOf(url);
      const joined = await browser.join((body as InvitationLink).link);
      const { operator } = joined.body as Session;
      await run('operator', 'join', operator, '--org', 'training', '--role', 'installer');
      return { browser, operator };
    },
  };
}
