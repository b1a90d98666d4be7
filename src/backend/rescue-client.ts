import { BatchResponse } from '../../contract/batch.ts';
import { PhoneStates } from '../../contract/phone.ts';
import { RescueKeyAnswer } from '../../contract/rescue.ts';
import type { RescueBackend } from '../ports/rescue.ts';
import { postJson, read, request } from './request.ts';

export const rescueClient: RescueBackend = {
  async rescueKey() {
    const answer = read(await request('/api/rescue-key', {}), RescueKeyAnswer);
    return answer.ok ? { ok: true, value: answer.value.rescueKey } : answer;
  },
  sendPart: async (part) => read(await request('/api/rescue', postJson({ part })), BatchResponse),
  async reportLoss(report) {
    const answer = await request('/api/phone-losses', postJson(report));
    return answer.ok ? { ok: true, value: null } : answer;
  },
  async phones(org) {
    const answer = read(await request(`/api/phones?${new URLSearchParams({ org })}`, {}), PhoneStates);
    return answer.ok ? { ok: true, value: answer.value.phones } : answer;
  },
};
