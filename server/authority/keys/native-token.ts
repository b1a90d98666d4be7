import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { VaultError } from '../../ports/signer.ts';
import { openToken, type Token, type TokenOptions } from './token.ts';

/** Loads the native module only if a token is used: it is compiled on demand, by whoever wants a token. */
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
