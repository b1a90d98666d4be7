import { OwnSessions } from '../../contract/own-session.ts';
import type { SessionsBackend } from '../ports/preparation.ts';
import { postJson, read, request } from './request.ts';

export const sessionClient: SessionsBackend = {
  async sessions() {
    const answer = read(await request('/api/sessions', {}), OwnSessions);
    return answer.ok ? { ok: true, value: answer.value.sessions } : answer;
  },
  async endSession(id) {
    const answer = await request(`/api/sessions/${encodeURIComponent(id)}`, postJson({}));
    return answer.ok ? { ok: true, value: null } : answer;
  },
};
