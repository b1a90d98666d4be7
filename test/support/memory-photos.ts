import { toBase64Url } from '../../core/bytes.ts';
import type { PhotoQueue, PhotoRow, PhotoToSend } from '../../src/ports/photos.ts';
import { crypto, ORG, recordId } from './records.ts';

/** The queue without a database: every photo's record has its receipt. */
export class MemoryPhotos implements PhotoQueue {
  readonly rows = new Map<string, PhotoRow>();
  readonly bytes = new Map<string, Uint8Array>();
  record: PhotoToSend['record'] = { id: recordId(1), org: ORG };

  async add(data: Uint8Array, digest?: string): Promise<string> {
    const name = digest ?? toBase64Url(await crypto.sha256(data));
    const createdAt = this.rows.size;
    const fresh = { sent: 0, attempts: 0, nextAt: 0, state: 'here' } as const;
    this.rows.set(name, { digest: name, bytes: data.length, udid: 'acme-1', createdAt, ...fresh });
    this.bytes.set(name, data);
    return name;
  }

  async next(now: number, force: boolean, besides: ReadonlySet<string>): Promise<PhotoToSend | undefined> {
    for (const [digest, data] of this.bytes) {
      const row = this.rows.get(digest);
      const isDue = row?.state === 'here' && !besides.has(digest) && (force || row.nextAt <= now);
      if (isDue) return { row, record: this.record, data };
    }
    return undefined;
  }

  async note(digest: string, change: Partial<PhotoRow>): Promise<void> {
    this.rows.set(digest, { ...(this.rows.get(digest) as PhotoRow), ...change });
  }

  async finish(digest: string, state: 'kept' | 'broken', now: number): Promise<void> {
    if (state === 'broken') this.bytes.delete(digest);
    await this.note(digest, { state, keptAt: now });
  }

  async askAgain(): Promise<void> {
    for (const digest of this.bytes.keys())
      if (this.rows.get(digest)?.state === 'kept')
        await this.note(digest, { state: 'here', sent: 0, nextAt: 0 });
  }
}
