import { createCipheriv, createDecipheriv, hkdfSync, randomBytes } from 'node:crypto';
import type { Sealer } from '../../ports/sealer.ts';
import type { KeyFiles } from './key-files.ts';

/** The underscore keeps it apart: no organisation's name has one, and no generation of an issuing CA ends so. */
const NAME = 'installation_seal';
const IV = 12;
const TAG_BYTES = 16;

/**
 * Seals under a key of the vault, which is made when it is first needed: AES-256-GCM (NIST SP 800-38D), its key derived from
 * what that P-256 key agrees on with itself (HKDF, RFC 5869). The purpose is additional data. It stays a file where the other
 * keys are in a token, as rescue keys do.
 */
export function databaseSealer(files: Pick<KeyFiles, 'agreement' | 'makeAgreement'>): Sealer {
  let derived: Buffer | undefined;
  const keyOf = (agreement: ReturnType<KeyFiles['makeAgreement']>) =>
    (derived ??= Buffer.from(
      hkdfSync('sha256', agreement.agree(agreement.spki), '', 'fieldbind database seal', 32),
    ));

  return {
    seal(text, purpose) {
      const iv = randomBytes(IV);
      const cipher = createCipheriv('aes-256-gcm', keyOf(files.makeAgreement(NAME)), iv);
      cipher.setAAD(Buffer.from(purpose, 'utf8'));
      const body = Buffer.concat([cipher.update(text, 'utf8'), cipher.final()]);
      return Buffer.concat([iv, body, cipher.getAuthTag()]).toString('base64url');
    },
    open(sealed, purpose) {
      const agreement = files.agreement(NAME);
      const bytes = Buffer.from(sealed, 'base64url');
      if (agreement === undefined || bytes.length < IV + TAG_BYTES) return undefined;
      const decipher = createDecipheriv('aes-256-gcm', keyOf(agreement), bytes.subarray(0, IV));
      decipher.setAAD(Buffer.from(purpose, 'utf8'));
      decipher.setAuthTag(bytes.subarray(-TAG_BYTES));
      try {
        const text = decipher.update(bytes.subarray(IV, -TAG_BYTES));
        return Buffer.concat([text, decipher.final()]).toString('utf8');
      } catch {
        return undefined;
      }
    },
  };
}
