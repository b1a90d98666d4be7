import { InvitationLink, OwnPasskeys, OwnPhones } from '../../contract/account.ts';
import type { OwnAccountBackend } from '../ports/account.ts';
import { done, postJson, read, request } from './request.ts';

export const ownAccountClient: OwnAccountBackend = {
  async passkeys() {
    const answer = read(await request('/api/passkeys', {}), OwnPasskeys);
    return answer.ok ? { ok: true, value: answer.value.passkeys } : answer;
  },
  endPasskey: async (id) => done(await request('/api/passkeys/end', postJson({ id }))),
  async phones() {
    const answer = read(await request('/api/own-phones', {}), OwnPhones);
    return answer.ok ? { ok: true, value: answer.value.phones } : answer;
  },
  endPhone: async (kid, because) =>
    done(await request(`/api/own-phones/${encodeURIComponent(kid)}`, postJson({ because }))),
  anotherDevice: async () => read(await request('/api/invitations/device', postJson({})), InvitationLink),
};
