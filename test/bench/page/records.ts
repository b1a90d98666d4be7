import { toBase64Url } from '../../../core/bytes.ts';
import type { EnvelopeContext } from '../../../core/envelope.ts';
import { uuid7 } from '../../../core/uuid7.ts';
import { cryptoPort } from '../../../core/webcrypto.ts';
import type { Enrolment } from '../../../src/ports/work.ts';

const crypto = cryptoPort(globalThis.crypto);
const ORG = 'northfield';
const DOMAIN = 'oak-street.northfield.fieldbind.internal';

/**
 * A registration of usual size, about 2 KB signed: a P-256 key, a request, checks and a place. Key and request are random
 * bytes, which nothing compresses; the registration authority will refuse them, and that is after the receipt.
 */
export function someRegistration() {
  const id = uuid7(Date.now(), crypto);
  const udid = `uuid-${globalThis.crypto.randomUUID()}`;
  const payload = {
    id,
    app: '0.1.0',
    capturedAt: new Date().toISOString(),
    udid,
    domain: DOMAIN,
    place: { position: 'Roof, cabinet 3', photos: [] },
    label: { how: 'camera', kind: 'udid', text: udid, aliases: [] },
    device: {
      link: 'serial',
      driver: 'zephyr-cred',
      firmware: '4.2.0',
      model: 'Meter 42',
      aliases: [],
      publicKey: toBase64Url(crypto.random(91)),
      csr: toBase64Url(crypto.random(330)),
      subjectSaysNothing: false,
      possession: 'static',
    },
    checks: ['csr_signature', 'csr_key_is_device_key', 'csr_subject', 'key_strength', 'on_list'].map(
      (check) => ({ check, result: 'passed' }),
    ),
    pack: toBase64Url(crypto.random(32)),
    asFound: false,
  };
  return {
    payload,
    subject: { id, org: ORG, udid, domain: DOMAIN, title: 'Roof', about: null, simulated: false },
  };
}

export function contextOf({ credential, credentialDigest, epoch }: Enrolment): EnvelopeContext {
  return { aud: credential.aud, org: ORG, epoch, anchor: credentialDigest };
}
