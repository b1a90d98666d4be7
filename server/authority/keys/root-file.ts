import { X509Certificate } from 'node:crypto';
import { equalBytes } from '../../../core/bytes.ts';
import { fromPem, toPem } from '../../../core/pem.ts';
import { type KeySigner, VaultError } from '../../ports/signer.ts';
import { signerOf } from './local-key.ts';
import { keySealer } from './sealed-key.ts';

/**
 * A root's key on its way to another machine: a text file with the encrypted key, its certificate and the address
 * where that is published.
 */
interface RootFile {
  readonly name: string;
  readonly address: string;
  /** DER. */
  readonly certificate: Uint8Array;
  /** PKCS#8, encrypted, PEM. */
  readonly keyPem: string;
}

export function rootFileText({ name, address, certificate, keyPem }: RootFile): string {
  const about = `Fieldbind root key. Keep it off every machine that is on a network.\nName: ${name}\nAddress: ${address}\n`;
  return `${about}${keyPem}${toPem('CERTIFICATE', certificate)}`;
}

export function isRootFile(text: string): boolean {
  return text.includes('-----BEGIN ENCRYPTED PRIVATE KEY-----');
}

/** Throws VaultError if the text is no root file, the passphrase is wrong, or the key does not match the certificate. */
export function openRootFile(text: string, passphrase: string): RootFile & { readonly key: KeySigner } {
  const name = /^Name: ([a-z-]{1,40})$/m.exec(text)?.[1];
  const address = /^Address: (https?:\/\/\S{1,300})$/m.exec(text)?.[1];
  const [certificate] = fromPem('CERTIFICATE', text);
  const keyPem = /-----BEGIN ENCRYPTED PRIVATE KEY-----[^-]*-----END ENCRYPTED PRIVATE KEY-----\n/.exec(
    text,
  )?.[0];
  if (name === undefined || address === undefined || certificate === undefined || keyPem === undefined)
    throw new VaultError('this is no root file');
  const key = signerOf(keySealer(passphrase, 'FIELDBIND_ROOT_PASSPHRASE').open(keyPem));
  const { publicKey } = new X509Certificate(certificate);
  if (!equalBytes(key.spki, publicKey.export({ type: 'spki', format: 'der' })))
    throw new VaultError('the key in the root file is not the one its certificate was made for');
  return { name, address, certificate, keyPem, key };
}
