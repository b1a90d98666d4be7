import { BatchResponse } from '../../contract/batch.ts';
import { Changes } from '../../contract/change.ts';
import { ChainsAnswer, HandedBack } from '../../contract/era.ts';
import { Probe, StatementKeysAnswer } from '../../contract/sync-answers.ts';
import type { BackendResult, SyncBackend } from '../ports/backend.ts';
import { fail, newNonce, postJson, read, request } from './request.ts';

/** The drain's half of the API client; page and worker use the same. */
export const syncClient: SyncBackend = {
  async postBatch(batch, signal) {
    const answer = read(await request('/api/records', await body(batch), signal), BatchResponse);
    if (!answer.ok) return answer;
    const { value } = answer;
    const ours =
      value.nonce === batch.nonce &&
      value.batch === batch.batch &&
      value.results.length === batch.records.length;
    return ours ? answer : fail({ kind: 'not_our_backend' });
  },
  async changes(org, after, signal) {
    const nonce = newNonce();
    const query = new URLSearchParams({ org, after, nonce });
    return ifEchoed(nonce, read(await request(`/api/changes?${query}`, {}, signal), Changes));
  },
  async statementKeys(signal) {
    const answer = read(await request('/api/statement-keys', {}, signal), StatementKeysAnswer);
    return answer.ok ? { ok: true, value: answer.value.statementKeys } : answer;
  },
  async chains(chains, signal) {
    const nonce = newNonce();
    const asked = postJson({ nonce, chains });
    return ifEchoed(nonce, read(await request('/api/chains', asked, signal), ChainsAnswer));
  },
  handBack: async (what, signal) => read(await request('/api/hand-back', postJson(what), signal), HandedBack),
  async probe(signal) {
    const nonce = newNonce();
    const answer = ifEchoed(
      nonce,
      read(await request(`/api/probe?${new URLSearchParams({ nonce })}`, {}, signal), Probe),
    );
    return answer.ok ? { ok: true, value: null } : answer;
  },
};

function ifEchoed<T extends { nonce: string }>(nonce: string, answer: BackendResult<T>): BackendResult<T> {
  return answer.ok && answer.value.nonce !== nonce ? fail({ kind: 'not_our_backend' }) : answer;
}

/** gzip where the browser has it: a batch shrinks to about half. */
async function body(batch: object): Promise<RequestInit> {
  const init = postJson(batch);
  if (typeof CompressionStream === 'undefined') return init;
  const stream = new Blob([String(init.body)]).stream().pipeThrough(new CompressionStream('gzip'));
  const headers = { 'content-type': 'application/json', 'content-encoding': 'gzip' };
  return { method: 'POST', headers, body: await new Response(stream).arrayBuffer() };
}
