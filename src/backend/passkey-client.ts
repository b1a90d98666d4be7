import { InvitationShown, RegistrationOptions, SignInChallenge } from '../../contract/account.ts';
import { Session } from '../../contract/operator.ts';
import type { PasskeyBackend } from '../ports/account.ts';
import { postJson, read, request } from './request.ts';

export const passkeyClient: PasskeyBackend = {
  askToSignIn: async () => read(await request('/api/passkeys/challenge', postJson({})), SignInChallenge),
  signIn: async (response) => read(await request('/api/passkeys/sign-in', postJson({ response })), Session),
  readInvitation: async (token) =>
    read(await request('/api/invitations/read', postJson({ token })), InvitationShown),
  accept: async (token, said) =>
    read(await request('/api/invitations/accept', postJson({ token, ...said })), RegistrationOptions),
  take: async (token, response) =>
    read(await request('/api/invitations/take', postJson({ token, response })), Session),
  joinAs: async (token) => read(await request('/api/invitations/join', postJson({ token })), Session),
};
