import type { Entering, EntryTools, PasskeyBackend, PasskeyPort, Shown } from '../../ports/account.ts';
import type { BackendResult } from '../../ports/backend.ts';
import { failureCode } from '../trouble.ts';

/** What a person is told where an authenticator gave nothing. */
const CODES = {
  not_used: 'passkey_not_used',
  here_already: 'passkey_here_already',
  not_possible: 'passkey_not_possible',
  not_loaded: 'needs_signal',
} as const satisfies Record<Exclude<Shown<unknown>['kind'], 'done'>, string>;

/** Both ways in: with a passkey that there is, and with one that an invitation lets a person make. */
export function entryTools(backend: PasskeyBackend, passkeys: PasskeyPort): EntryTools {
  const entering = (answer: BackendResult<Extract<Entering, { ok: true }>['session']>): Entering =>
    answer.ok ? { ok: true, session: answer.value } : { ok: false, code: failureCode(answer.failure) };

  return {
    async signIn() {
      const challenge = await backend.askToSignIn();
      if (!challenge.ok) return { ok: false, code: failureCode(challenge.failure) };
      const shown = await passkeys.show(challenge.value);
      if (shown.kind !== 'done') return { ok: false, code: CODES[shown.kind] };
      const entered = entering(await backend.signIn(shown.response));
      if (!entered.ok && entered.code === 'passkey_unknown')
        await passkeys.tellUnknown(challenge.value.rpId, shown.response.id);
      return entered;
    },

    read: (token) => backend.readInvitation(token),

    async join(token, said) {
      const options = await backend.accept(token, said);
      if (!options.ok) return { ok: false, code: failureCode(options.failure) };
      const made = await passkeys.make(options.value);
      if (made.kind !== 'done') return { ok: false, code: CODES[made.kind] };
      return entering(await backend.take(token, made.response));
    },

    joinAs: (token) => backend.joinAs(token),
  };
}
