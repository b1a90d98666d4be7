import { OwnNotices } from '../../contract/notice.ts';
import type { NoticesBackend } from '../ports/notices.ts';
import { postJson, read, request } from './request.ts';

export const noticesClient: NoticesBackend = {
  read: async () => read(await request('/api/notices', {}), OwnNotices),
  change: async (change) => read(await request('/api/notices', postJson(change)), OwnNotices),
};
