import { ListChangesAnswer } from '../../contract/list-changes.ts';
import { EnrolChallenge, EnrolResponse, Session, SignInOptions } from '../../contract/operator.ts';
import { StatementKeysAnswer, WorkPackAnswer } from '../../contract/sync-answers.ts';
import type { AccountBackend } from '../ports/preparation.ts';
import { fail, postJson, read, request } from './request.ts';

export const accountClient: AccountBackend = {
  async signInOptions() {
    return read(await request('/api/sign-in', {}), SignInOptions);
  },
  async signIn(operator) {
    return read(await request('/api/sign-in', postJson({ operator })), Session);
  },
  async signOut() {
    const answer = await request('/api/sign-out', postJson({}));
    return answer.ok ? { ok: true, value: null } : answer;
  },
  async session() {
    return read(await request('/api/session', {}), Session);
  },
  async enrolChallenge() {
    return read(await request('/api/operator-keys/challenge', postJson({})), EnrolChallenge);
  },
  async enrol(proof) {
    return read(await request('/api/operator-keys', postJson({ proof })), EnrolResponse);
  },
  async knownKeys() {
    const answer = read(await request('/api/statement-keys', {}), StatementKeysAnswer);
    return answer.ok ? { ok: true, value: answer.value.statementKeys } : answer;
  },
  async workPack(org, etag) {
    const query = new URLSearchParams({ org, list: 'apart' });
    const headers: Record<string, string> = etag === null ? {} : { 'if-none-match': etag };
    const answer = await request(`/api/work-pack?${query}`, { headers });
    if (etag !== null && answer.ok && answer.value.status === 304) return { ok: true, value: 'unchanged' };
    const pack = read(answer, WorkPackAnswer);
    if (!pack.ok) return pack;
    const tag = answer.ok ? answer.value.headers.get('etag') : null;
    if (tag === null) return fail({ kind: 'not_our_backend' });
    const { pack: jws, anchor } = pack.value;
    return { ok: true, value: { jws, etag: tag, ...(anchor === undefined ? {} : { anchor }) } };
  },
  async listChanges(org, held) {
    const query = new URLSearchParams({ org, after: held?.cursor ?? '' });
    const headers: Record<string, string> = held === null ? {} : { 'if-none-match': held.etag };
    const answer = await request(`/api/list-changes?${query}`, { headers });
    if (held !== null && answer.ok && answer.value.status === 304) return { ok: true, value: 'unchanged' };
    const changes = read(answer, ListChangesAnswer);
    if (!changes.ok) return changes;
    const etag = answer.ok ? answer.value.headers.get('etag') : null;
    return etag === null
      ? fail({ kind: 'not_our_backend' })
      : { ok: true, value: { ...changes.value, etag } };
  },
};
