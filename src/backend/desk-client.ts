import { HeldRecords } from '../../contract/approval.ts';
import { Change } from '../../contract/change.ts';
import { DeviceActed, DeviceStates } from '../../contract/device-state.ts';
import { ListImportResult } from '../../contract/list-row.ts';
import { TransferAnswer, TransferStates } from '../../contract/transfer.ts';
import type { DeskBackend } from '../ports/preparation.ts';
import { postJson, read, request } from './request.ts';

const inOrg = (path: string, org: string) => `${path}?${new URLSearchParams({ org })}`;

export const deskClient: DeskBackend = {
  async devices(org, which) {
    const asked = which === undefined ? '' : `&${new URLSearchParams(which)}`;
    const answer = read(await request(inOrg('/api/devices', org) + asked, {}), DeviceStates);
    return answer.ok ? { ok: true, value: answer.value.devices } : answer;
  },
  async act(org, { maker, udid }, act) {
    const path = `/api/devices/${encodeURIComponent(maker)}/${encodeURIComponent(udid)}`;
    const answer = read(await request(inOrg(path, org), postJson(act)), DeviceActed);
    return answer.ok ? { ok: true, value: null } : answer;
  },
  async held(org) {
    const answer = read(await request(inOrg('/api/approvals', org), {}), HeldRecords);
    return answer.ok ? { ok: true, value: answer.value.held } : answer;
  },
  async decide(org, record, decision, reason) {
    const path = inOrg(`/api/approvals/${encodeURIComponent(record)}`, org);
    const answer = read(await request(path, postJson({ decision, reason })), Change);
    return answer.ok ? { ok: true, value: null } : answer;
  },
  async transfers(org) {
    const answer = read(await request(inOrg('/api/transfers', org), {}), TransferStates);
    return answer.ok ? { ok: true, value: answer.value.transfers } : answer;
  },
  async decideTransfer(org, id, decision, because) {
    const path = inOrg(`/api/transfers/${encodeURIComponent(id)}`, org);
    const answer = read(await request(path, postJson({ decision, because })), TransferAnswer);
    return answer.ok ? { ok: true, value: answer.value.result } : answer;
  },
  async addTrainingRow(org, row) {
    const answer = read(await request(inOrg('/api/list', org), postJson({ rows: [row] })), ListImportResult);
    if (!answer.ok) return answer;
    const [error] = answer.value.errors;
    return error === undefined
      ? { ok: true, value: null }
      : { ok: false, failure: { kind: 'refused', code: error.code, detail: error.detail } };
  },
};
