import { ChainsAnswer, HandedBack } from '../../contract/era.ts';
import type { AccordBackend } from '../ports/backend.ts';
import { ifEchoed, newNonce, postJson, read, request } from './request.ts';

export const accordClient: AccordBackend = {
  async chains(chains, signal) {
    const nonce = newNonce();
    const asked = postJson({ nonce, chains });
    return ifEchoed(nonce, read(await request('/api/chains', asked, signal), ChainsAnswer));
  },
  handBack: async (what, signal) => read(await request('/api/hand-back', postJson(what), signal), HandedBack),
};
