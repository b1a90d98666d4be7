import type { CDPSession, Page } from 'playwright-core';

/** A phone's own authenticator as Chromium simulates it (DevTools protocol, domain WebAuthn), for the pages of one tab. */
export interface VirtualAuthenticator {
  /** Whether whoever is asked shows the right finger. */
  verify(isVerified: boolean): Promise<void>;
  /** How many passkeys it holds. */
  count(): Promise<number>;
  /** Sets the counter of its passkeys, as a copy of the authenticator would have another one. */
  setCounter(counter: number): Promise<void>;
  /** All that it holds, for the same phone after a restart: what Chromium simulates goes with the browser. */
  held(): Promise<HeldPasskeys>;
}
type Answer = Awaited<ReturnType<CDPSession['send']>>;
export type HeldPasskeys = Extract<Answer, { credentials: unknown }>['credentials'];

export async function addAuthenticator(page: Page, held: HeldPasskeys = []): Promise<VirtualAuthenticator> {
  const session = await page.context().newCDPSession(page);
  await session.send('WebAuthn.enable', { enableUI: false });
  const { authenticatorId } = await session.send('WebAuthn.addVirtualAuthenticator', {
    options: {
      protocol: 'ctap2',
      ctap2Version: 'ctap2_1',
      transport: 'internal',
      hasResidentKey: true,
      hasUserVerification: true,
      isUserVerified: true,
      automaticPresenceSimulation: true,
    },
  });
  const credentials = async () =>
    (await session.send('WebAuthn.getCredentials', { authenticatorId })).credentials;
  for (const credential of held)
    await session.send('WebAuthn.addCredential', { authenticatorId, credential });
  return {
    held: credentials,
    verify: async (isUserVerified) => {
      await session.send('WebAuthn.setUserVerified', { authenticatorId, isUserVerified });
    },
    count: async () => (await credentials()).length,
    async setCounter(signCount) {
      for (const credential of await credentials()) {
        const { credentialId } = credential;
        await session.send('WebAuthn.removeCredential', { authenticatorId, credentialId });
        await session.send('WebAuthn.addCredential', {
          authenticatorId,
          credential: { ...credential, signCount },
        });
      }
    },
  };
}
