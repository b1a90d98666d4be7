import type { RegistrationResponse } from '../../contract/account.ts';
import type { PasskeyPort, Shown } from '../ports/account.ts';

/** WebAuthn by a library, which comes when somebody signs in. */
const library = () => import('@simplewebauthn/browser');

/** The authenticators that this browser reaches. What it cannot do, it says as an outcome. */
export const passkeys: PasskeyPort = {
  make: (options) =>
    outcomeOf(async ({ startRegistration }) => {
      const { id, rawId, response } = await startRegistration({ optionsJSON: options });
      const { clientDataJSON, attestationObject, transports } = response;
      const made: RegistrationResponse = {
        ...{ id, rawId, type: 'public-key', clientExtensionResults: {} },
        response: {
          ...{ clientDataJSON, attestationObject },
          ...(transports === undefined ? {} : { transports }),
        },
      };
      return made;
    }),

  show: (challenge) =>
    outcomeOf(async ({ startAuthentication }) => {
      const optionsJSON = { ...challenge, allowCredentials: [] };
      const { id, rawId, response } = await startAuthentication({ optionsJSON });
      const { clientDataJSON, authenticatorData, signature, userHandle } = response;
      return {
        ...{ id, rawId, type: 'public-key' as const, clientExtensionResults: {} },
        response: {
          ...{ clientDataJSON, authenticatorData, signature },
          ...(userHandle === undefined ? {} : { userHandle }),
        },
      };
    }),

  async tellUnknown(rpId, id) {
    try {
      const { sendSignal } = await library();
      await sendSignal({ signalName: 'unknownCredential', rpID: rpId, credentialID: id });
    } catch {
      // It stays on offer there, and is refused again.
    }
  },
};

/** What went wrong, by its DOMException's name; the library hands on the browser's own under another message. */
async function outcomeOf<T>(
  work: (by: Awaited<ReturnType<typeof library>>) => Promise<T>,
): Promise<Shown<T>> {
  if (typeof PublicKeyCredential === 'undefined') return { kind: 'not_possible' };
  const loaded = await library().catch(() => undefined);
  if (loaded === undefined) return { kind: 'not_loaded' };
  try {
    return { kind: 'done', response: await work(loaded) };
  } catch (error) {
    switch (error instanceof Error ? error.name : '') {
      case 'InvalidStateError':
        return { kind: 'here_already' };
      case 'SecurityError':
      case 'NotSupportedError':
      case 'ConstraintError':
        return { kind: 'not_possible' };
      default:
        return { kind: 'not_used' };
    }
  }
}
