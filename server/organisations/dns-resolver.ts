import { resolveTxt } from 'node:dns/promises';
import type { TxtResolver } from './name-proof.ts';

/** Resolves TXT records by the system's resolver. */
export const dnsResolver: TxtResolver = {
  async txt(name) {
    try {
      return (await resolveTxt(name)).map((strings) => strings.join(''));
    } catch {
      return []; // no such name, no such record, no network: each is no proof
    }
  },
};
