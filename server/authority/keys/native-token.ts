import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { VaultError } from '../../ports/signer.ts';
import { openToken, type Token, type TokenOptions } from './token.ts';

/** Loaded only where a token is used: its native part is compiled by those who want it, and by nobody else. */
export function nativeToken(options: TokenOptions): Token {
  if (!existsSync(options.module))
    throw new VaultError(`FIELDBIND_PKCS11_MODULE is ${options.module}, but there is no such file`);
  return openToken(options, load());
}

function load(): typeof import('pkcs11js') {
  try {
    return createRequire(import.meta.url)('pkcs11js');
  } catch {
    throw new VaultError(
      'PKCS#11 needs a native part that is not built yet: run "npm run fieldbind -- token build" (it needs a C++ compiler)',
    );
  }
}
