import { webcrypto } from 'node:crypto';
import { toBase64Url } from '../../core/bytes.ts';
import { challengeOf } from '../../core/possession.ts';
import { ecdsaToDer } from '../../core/spki.ts';
import { nodeCrypto } from '../../server/x509/node-crypto.ts';
import type { TestDevice } from './server-device.ts';
import type { TestOperator } from './server-operator.ts';

/** What a P-256 device answers to a challenge made for this record, of a pack that this phone has just got. */
export async function answerFor(record: string, { keys }: TestDevice, { by }: { readonly by: TestOperator }) {
  await by.pack('northfield');
  const challenge = { pack: by.anchor, nonce: toBase64Url(nodeCrypto.random(32)) };
  const bytes = (await challengeOf({ ...challenge, record }, nodeCrypto)) ?? new Uint8Array();
  const fixed = await webcrypto.subtle.sign({ name: 'ECDSA', hash: 'SHA-256' }, keys.privateKey, bytes);
  const der = ecdsaToDer(new Uint8Array(fixed), 256) ?? new Uint8Array();
  const proof = { over: 'challenge', signature: toBase64Url(der) } as const;
  return { device: { possession: 'fresh', challenge, proof } } as const;
}
