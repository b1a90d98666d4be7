import { describe, expect, it, test } from 'vitest';
import type {
  AuthenticationResponse,
  RegistrationOptions,
  RegistrationResponse,
  SignInChallenge,
} from '../../contract/account.ts';
import { entryTools } from '../../src/effects/account/entry-tools.ts';
import type { PasskeyBackend, PasskeyPort, Shown } from '../../src/ports/account.ts';
import type { BackendResult } from '../../src/ports/backend.ts';
import { session } from '../support/records.ts';

const CHALLENGE: SignInChallenge = {
  rpId: 'field.example',
  challenge: 'AAAA',
  timeout: 600_000,
  userVerification: 'required',
  allowCredentials: [],
};
const SHOWN = { id: 'credential' } as AuthenticationResponse;
const MADE = { id: 'credential' } as RegistrationResponse;
const SESSION = { ok: true, value: session() } as const;
const refused = (code: string): BackendResult<never> => ({
  ok: false,
  failure: { kind: 'refused', code, detail: '' },
});

function toolsWith(backend: Partial<PasskeyBackend>, passkeys: Partial<PasskeyPort> = {}) {
  const told: string[] = [];
  const all: PasskeyPort = {
    make: async () => ({ kind: 'done', response: MADE }),
    show: async () => ({ kind: 'done', response: SHOWN }),
    tellUnknown: async (rpId, id) => {
      told.push(`${rpId} ${id}`);
    },
    ...passkeys,
  };
  return { told, tools: entryTools(backend as PasskeyBackend, all) };
}

describe('signing in', () => {
  it('shows the passkey for the challenge, and gives the session', async () => {
    const { tools, told } = toolsWith({
      askToSignIn: async () => ({ ok: true, value: CHALLENGE }),
      signIn: async (response) => {
        expect(response).toBe(SHOWN);
        return SESSION;
      },
    });
    expect(await tools.signIn()).toEqual({ ok: true, session: SESSION.value });
    expect(told).toEqual([]);
  });

  it('tells the authenticator of a passkey that the backend does not know, and of no other', async () => {
    for (const [code, heard] of [
      ['passkey_unknown', ['field.example credential']],
      ['passkey_refused', []],
      ['passkey_cloned', []],
    ] as const) {
      const { tools, told } = toolsWith({
        askToSignIn: async () => ({ ok: true, value: CHALLENGE }),
        signIn: async () => refused(code),
      });
      expect(await tools.signIn()).toEqual({ ok: false, code });
      expect([code, told]).toEqual([code, heard]);
    }
  });

  it('asks no authenticator without a challenge', async () => {
    const { tools } = toolsWith(
      { askToSignIn: async () => ({ ok: false, failure: { kind: 'unreachable' } }) },
      { show: () => Promise.reject(new Error('asked')) },
    );
    expect(await tools.signIn()).toEqual({ ok: false, code: 'unreachable' });
  });
});

test.each<readonly [Exclude<Shown<never>['kind'], 'done'>, string]>([
  ['not_used', 'passkey_not_used'],
  ['here_already', 'passkey_here_already'],
  ['not_possible', 'passkey_not_possible'],
  ['not_loaded', 'needs_signal'],
])('an authenticator that gave nothing (%s) sends nothing to the backend', async (kind, code) => {
  const never = () => Promise.reject(new Error('sent'));
  const { tools } = toolsWith(
    {
      askToSignIn: async () => ({ ok: true, value: CHALLENGE }),
      signIn: never,
      accept: async () => ({ ok: true, value: {} as RegistrationOptions }),
      take: never,
    },
    { show: async () => ({ kind }), make: async () => ({ kind }) },
  );
  expect(await tools.signIn()).toEqual({ ok: false, code });
  expect(await tools.join('token', {})).toEqual({ ok: false, code });
});

describe('joining', () => {
  it('says who it is, makes the passkey and takes the invitation by it', async () => {
    const { tools } = toolsWith({
      accept: async (token, said) => {
        expect([token, said]).toEqual(['token', { name: 'Ines' }]);
        return { ok: true, value: {} as RegistrationOptions };
      },
      take: async (token, response) => {
        expect([token, response]).toEqual(['token', MADE]);
        return SESSION;
      },
    });
    expect(await tools.join('token', { name: 'Ines' })).toEqual({ ok: true, session: SESSION.value });
  });

  it('makes no passkey for an invitation that is over', async () => {
    const { tools } = toolsWith(
      { accept: async () => refused('invitation_over') },
      { make: () => Promise.reject(new Error('made')) },
    );
    expect(await tools.join('token', {})).toEqual({ ok: false, code: 'invitation_over' });
  });
});
