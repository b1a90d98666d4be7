import { createHash } from 'node:crypto';
import type { Bytes } from '../../core/bytes.ts';

/** Node's own SHA-256, at once: a fake clock must not run while a thread pool hashes. */
export const nodeSha256 = {
  sha256: async (data: Uint8Array): Promise<Bytes> =>
    new Uint8Array(createHash('sha256').update(data).digest()),
};
