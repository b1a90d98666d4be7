import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { InvitationLink } from '../../contract/account.ts';
import { BrowserOf, codeIn } from '../support/browser-of.ts';
import { type PutBack, startPutBack } from '../support/put-back.ts';

let there: PutBack;
let anna: BrowserOf;
let used: string;
let code: string;

const linkIn = ({ body }: { readonly body: unknown }) => (body as InvitationLink).link;
/** The same person at the server that runs now: another port, the same host, so the same passkey. */
async function signInAgain(browser: BrowserOf): Promise<BrowserOf> {
  const { url } = there.server;
  const again = new BrowserOf(url, browser.authenticator);
  expect(await again.signIn({ origin: url })).toMatchObject({ status: 200 });
  return again;
}

beforeAll(async () => {
  there = await startPutBack({ demo: false });
  const { server } = there;
  anna = new BrowserOf(server.url);
  const org = { name: 'westside', title: 'Westside Energy' };
  await anna.join(server.running.setUpLink ?? '', { name: 'Anna Berg', org });
  used = linkIn(await anna.post('/api/invitations?org=westside', { name: 'Ulf', role: 'installer' }));
  code = linkIn(await anna.post('/api/invitations/device'));
  await there.copy();
  for (const link of [used, code])
    expect(await new BrowserOf(server.url).join(link)).toMatchObject({ status: 200 });
  await there.putBack();
});
afterAll(() => there.close());

describe('a database that was put back to a copy', () => {
  it('lets nobody in by an invitation that was used after it', async () => {
    for (const link of [used, code])
      expect(codeIn(await new BrowserOf(there.server.url).join(link))).toBe('invitation_over');
    expect(there.server.running.setUpLink).toBeUndefined();
  });

  it('lets a passkey that it brought back make nothing until its person is confirmed', async () => {
    const again = await signInAgain(anna);
    const asked = [
      () => again.get('/api/people?org=westside'),
      () => again.get('/api/installation/organisations'),
      () => again.post('/api/invitations?org=westside', { name: 'Ulf', role: 'installer' }),
      () => again.post('/api/invitations/device'),
    ];
    for (const ask of asked) expect(codeIn(await ask())).toBe('confirmation_needed');
    const { operator = '' } = (await again.who()) ?? {};
    expect(await there.server.fieldbind('operator', 'confirm', operator, '--by', operator)).toMatchObject({
      code: 0,
    });
    for (const ask of asked) expect(await ask()).toMatchObject({ status: 200 });
  });
});
