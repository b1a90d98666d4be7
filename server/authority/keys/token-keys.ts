import { type KeySigner, type KeyVault, VaultError } from '../../ports/signer.ts';
import { onCurve } from './on-curve.ts';
import type { Token } from './token.ts';
import { CURVES, generate, lookUp, signWith, type TokenKey } from './token-objects.ts';

/**
 * Keys inside a token: generated there, sensitive, and not extractable. Each is found by its label. `alone` keeps two
 * processes from generating the same key, since a token allows two keys with one label.
 */
export function tokenKeys(token: Token, exclusively: <T>(work: () => Promise<T>) => Promise<T>): KeyVault {
  const known = new Map<string, { readonly epoch: number; readonly found: TokenKey }>();

  async function find(name: string): Promise<TokenKey | undefined> {
    const existing = known.get(name);
    if (existing?.epoch === token.epoch()) return existing.found;
    const epoch = token.epoch();
    const found = await token.use((session) => lookUp(token, session, name));
    if (found !== undefined) known.set(name, { epoch, found });
    return found;
  }

  function signer(name: string, { spki, facts }: TokenKey): KeySigner {
    return {
      algorithm: facts.algorithm,
      spki,
      async sign(data) {
        const found = await find(name);
        if (found === undefined) throw new VaultError(`the key ${name} is no longer in the token`);
        return signWith(token, found, data);
      },
    };
  }

  return {
    async open(name) {
      const found = await find(name);
      return found && signer(name, found);
    },
    async ensure(name, curve) {
      const existing = await find(name);
      if (existing !== undefined) return onCurve(name, curve, signer(name, existing));
      await exclusively(async () => {
        if ((await find(name)) === undefined)
          await token.use((session) => generate(token, session, name, CURVES[curve].oid));
      });
      const created = await find(name);
      if (created === undefined) throw new VaultError(`the token made the key ${name} and does not show it`);
      return onCurve(name, curve, signer(name, created));
    },
  };
}
