import type { CryptoPort } from '../../../core/crypto.ts';
import { byRoot, endOf } from '../ca/issuing-certificates.ts';
import { DEFAULT_POLICY } from '../ca/policy.ts';
import { readIssuingRequest } from '../ca/request.ts';
import { openRootFile } from '../keys/root-file.ts';

interface SignedRequest {
  readonly org: string;
  /** Name of the root that signed. */
  readonly root: string;
  /** The issuing CA's certificate, DER. */
  readonly certificate: Uint8Array;
}

/**
 * Signs an issuing CA's certificate from its CSR (PKCS#10, DER), on the machine that has the root file; nothing else
 * is needed there. Throws VaultError for an unusable root file or CSR.
 */
export async function signIssuingRequest(
  request: Uint8Array,
  rootFile: { readonly text: string; readonly passphrase: string },
  now: number,
  crypto: CryptoPort,
): Promise<SignedRequest> {
  const root = openRootFile(rootFile.text, rootFile.passphrase);
  const { org, spki } = await readIssuingRequest(request, crypto);
  const notAfter = Math.min(now + DEFAULT_POLICY.issuing, endOf(root.certificate));
  const subject = { org, spki, notBefore: now - DEFAULT_POLICY.backdate, notAfter };
  return { org, root: root.name, certificate: await byRoot(subject, root, root.address, crypto) };
}
