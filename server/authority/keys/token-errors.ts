import { VaultError } from '../../ports/signer.ts';

/** The token's error code (PKCS#11 2.40 section 3.6); empty if there is none. */
export function codeOf(error: unknown): string {
  return error instanceof Error ? (/CKR_[A-Z_0-9]+/.exec(error.message)?.[0] ?? '') : '';
}

/** Only the code is passed on: the rest of a library's message could contain anything. */
export function asVaultError(error: unknown): unknown {
  if (error instanceof VaultError) return error;
  const code = codeOf(error);
  switch (code) {
    case '':
      return error;
    case 'CKR_PIN_INCORRECT':
    case 'CKR_PIN_LEN_RANGE':
    case 'CKR_PIN_INVALID':
      return new VaultError('the token refuses FIELDBIND_PKCS11_PIN: this is not its PIN');
    case 'CKR_PIN_LOCKED':
      return new VaultError('the token is locked: too many wrong PINs');
    case 'CKR_USER_PIN_NOT_INITIALIZED':
      return new VaultError('the token has no user PIN yet');
    default:
      return new VaultError(`the token says ${code}`);
  }
}

export function guarded<T>(work: () => T): T {
  try {
    return work();
  } catch (error) {
    throw asVaultError(error);
  }
}
