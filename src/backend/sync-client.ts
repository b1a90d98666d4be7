import { BatchResponse } from '../../contract/batch.ts';
import { Changes } from '../../contract/change.ts';
import { Probe, StatementKeysAnswer } from '../../contract/sync-answers.ts';
import type { SyncBackend } from '../ports/backend.ts';
import { fail, ifEchoed, newNonce, postJson, read, request } from './request.ts';

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
  async probe(signal) {
    const nonce = newNonce();
    const answer = ifEchoed(
      nonce,
      read(await request(`/api/probe?${new URLSearchParams({ nonce })}`, {}, signal), Probe),
    );
    return answer.ok ? { ok: true, value: null } : answer;
  },
};

/** gzip where the browser has it: a batch shrinks to about half. */
async function body(batch: object): Promise<RequestInit> {
  const init = postJson(batch);
  if (typeof CompressionStream === 'undefined') return init;
  const stream = new Blob([String(init.body)]).stream().pipeThrough(new CompressionStream('gzip'));
  const headers = { 'content-type': 'application/json', 'content-encoding': 'gzip' };
  return { method: 'POST', headers, body: await new Response(stream).arrayBuffer() };
}
