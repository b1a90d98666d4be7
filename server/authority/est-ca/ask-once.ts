import { Object as Obj, String as Text } from 'typebox/type';
import { parse } from '../../../contract/parse.ts';
import { fromBase64Url } from '../../../core/bytes.ts';
import type { Clock } from '../../../core/clock.ts';
import type { CryptoPort } from '../../../core/crypto.ts';
import { toInstant } from '../../../core/instant.ts';
import type { Binding } from '../../ports/bindings.ts';
import type { Intent } from '../../ports/certificate-authority.ts';
import type { Needs, Transact } from '../../ports/stores.ts';
import { audit } from '../../trail/chain.ts';
import { STEPS } from '../../trail/steps.ts';
import { sha256Hex } from '../../x509/node-crypto.ts';
import { checkLeaf, type Validity } from './check-leaf.ts';
import { baseFor, type EstCaFiles } from './est-ca-files.ts';
import type { EstClient } from './est-client.ts';
import type { EstFault } from './est-faults.ts';
import { readOrder } from './order.ts';

export interface AskParts {
  readonly stores: Needs<'records' | 'certificates' | 'lineage' | 'intents'>;
  /** The RA's look-up of the live binding of this key (SubjectPublicKeyInfo, DER). */
  readonly bindingOfKey: (spki: Uint8Array) => Promise<Binding | undefined>;
  readonly transact: Transact<'audit'>;
  readonly clock: Clock;
  readonly crypto: CryptoPort;
}

export interface AskContext {
  readonly client: EstClient;
  readonly files: EstCaFiles;
  readonly signal: AbortSignal;
}

export type AskResult =
  | {
      readonly kind: 'signed';
      readonly der: Uint8Array;
      readonly validity: Validity;
      readonly record: string;
    }
  | { readonly kind: 'wait'; readonly after: number }
  /** The binding has ended meanwhile, or another process finished the intent. */
  | { readonly kind: 'gone' }
  | { readonly kind: 'fault'; readonly fault: EstFault; readonly after?: number };

/** All that is looked at here. */
const WithRequest = Obj({ device: Obj({ csr: Text() }) });

/**
 * Sends one request for the certificate of an intent. The trail has it before it goes out, and the answer after it
 * came. The device's own CSR is sent, from its registration or its re-key, since nobody else can prove possession of
 * its key.
 */
export async function askOnce(
  intent: Intent,
  { client, files, signal }: AskContext,
  parts: AskParts,
): Promise<AskResult> {
  const { stores, transact, clock, crypto } = parts;
  const order = readOrder(intent.toBeSigned);
  if (order === undefined) throw new Error('an intent for the third party’s CA does not read');
  const binding = await parts.bindingOfKey(order.spki);
  if (binding?.udid !== order.udid || binding.domain !== order.domain) return { kind: 'gone' };
  if ((await stores.intents.ofBinding(binding.id))?.serial !== intent.serial) return { kind: 'gone' };
  const note = (event: string, detail: string) =>
    transact((tx) =>
      audit(tx.audit, {
        at: toInstant(clock.now()),
        step: STEPS.issue,
        event,
        actor: intent.issuer,
        org: binding.org,
        subject: order.udid,
        detail: `intent ${intent.serial}${detail}`,
      }),
    );
  const record = await stores.records.record(binding.registration);
  const lineageKey = await stores.lineage.byKey(await crypto.digest(order.spki));
  // A CSR that the key came with in another binding may name another device.
  const own = lineageKey?.binding === binding.id ? lineageKey.request : null;
  const csr = own ?? fromBase64Url(parse(WithRequest, record?.payload)?.device.csr ?? '');
  if (csr === undefined || csr.length === 0) {
    await note('third-party CA: request_missing', '');
    return { kind: 'fault', fault: 'request_missing' };
  }
  await note('third-party CA asked', `, request SHA-256 ${sha256Hex(csr)}`);
  const answer = await client.enroll(baseFor(files, binding), csr, signal);
  switch (answer.kind) {
    case 'wait':
      await note('third-party CA: waits', `, ${Math.round(answer.after / 1000)} s`);
      return answer;
    case 'fault': {
      const { fault, status } = answer;
      // This process is ending, which is not the CA's fault. The trail already says that it was asked.
      if (signal.aborted) return answer;
      await note(`third-party CA: ${fault}`, status === undefined ? '' : `, status ${status}`);
      return answer;
    }
    case 'certificates': {
      const { chain } = files;
      const after = (await stores.certificates.newest(binding.id))?.notBefore;
      const judged = await checkLeaf(answer.ders, order, { chain, now: clock.now(), after, crypto });
      if (!judged.ok) {
        const came = answer.ders.map((der) => `, SHA-256 ${sha256Hex(der)}`).join('');
        await note(`third-party CA: ${judged.fault}`, came);
        return { kind: 'fault', fault: judged.fault };
      }
      const { der, validity, serial } = judged;
      await note('third-party CA answered', `, its serial ${serial}, SHA-256 ${sha256Hex(der)}`);
      return { kind: 'signed', der, validity, record: binding.registration };
    }
  }
}
