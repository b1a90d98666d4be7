import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { fromBase64 } from '../../core/bytes.ts';
import { DerError } from '../../core/der.ts';
import { fromPem } from '../../core/pem.ts';
import { readEstCaFiles } from '../../server/authority/est-ca/est-ca-files.ts';
import { readCertsOnly } from '../../server/authority/est-ca/read-certs-only.ts';
import { ConfigError } from '../../server/config/config.ts';
import { certsOnly } from '../../server/faces/est/certs-only.ts';
import { EstCaPeer } from '../support/est-ca.ts';
import { openssl } from '../support/openssl.ts';

let folder: string;
let peer: EstCaPeer;
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'fieldbind-est-ca-'));
  peer = await EstCaPeer.start(folder, { now: () => Date.now() });
});
afterAll(async () => {
  await peer.close();
  rmSync(folder, { recursive: true });
});

const chain = () => fromPem('CERTIFICATE', readFileSync(peer.at('chain.pem'), 'utf8'));

describe('a certs-only answer', () => {
  it('is read as OpenSSL writes it, and as our own face does', async () => {
    await openssl('crl2pkcs7', '-nocrl', '-certfile', peer.at('chain.pem'), '-out', peer.at('p7.pem'));
    const text = readFileSync(peer.at('p7.pem'), 'utf8').replace(/-----[^-]*-----|\s/g, '');
    expect(readCertsOnly(fromBase64(text) ?? new Uint8Array())).toEqual(chain());
    expect(readCertsOnly(certsOnly(chain()))).toEqual(chain());
    expect(readCertsOnly(certsOnly([]))).toEqual([]);
  });

  it('never ends otherwise than with certificates or DerError, whatever is changed in it', () => {
    const whole = certsOnly(chain());
    fc.assert(
      fc.property(fc.nat(whole.length - 1), fc.nat(255), fc.nat(whole.length), (at, byte, length) => {
        const changed = whole.slice(0, length);
        if (at < length) changed[at] = byte;
        try {
          expect(readCertsOnly(changed).length).toBeLessThanOrEqual(8);
        } catch (error) {
          expect(error).toBeInstanceOf(DerError);
        }
      }),
    );
  });
});

describe('the files of a third party’s CA', () => {
  it('are a chain up to its anchor, and a pair', () => {
    const files = readEstCaFiles(peer.config);
    expect(files.chain).toEqual(chain());
    expect([fromPem('CERTIFICATE', files.chainPem), fromPem('CERTIFICATE', files.anchorPem)]).toEqual([
      chain().slice(0, 1),
      chain().slice(1),
    ]);
  });

  it.each([
    ['another order', () => ({ chainFile: write('root.pem', 'issuing.pem') }), 'FIELDBIND_EST_CA_CHAIN'],
    ['no anchor', () => ({ chainFile: peer.at('issuing.pem') }), 'FIELDBIND_EST_CA_CHAIN'],
    ['no CA', () => ({ chainFile: write('ra.pem', 'root.pem') }), 'FIELDBIND_EST_CA_CHAIN'],
    ['nothing', () => ({ chainFile: peer.at('ra.key') }), 'FIELDBIND_EST_CA_CHAIN'],
    ['no file', () => ({ chainFile: peer.at('none') }), 'FIELDBIND_EST_CA_CHAIN'],
    ['another key', () => ({ keyFile: peer.at('tls.key') }), 'FIELDBIND_EST_CA_KEY'],
    ['no certificate to believe', () => ({ trustFile: peer.at('ra.key') }), 'FIELDBIND_EST_CA_TRUST'],
  ])('are refused in words: %s', (_what, change, words) => {
    const read = () => readEstCaFiles({ ...peer.config, ...change() });
    expect(read).toThrow(ConfigError);
    expect(read).toThrow(words);
  });
});

function write(...names: readonly string[]): string {
  const file = peer.at(`${names.join('+')}`);
  writeFileSync(file, names.map((name) => readFileSync(peer.at(name), 'utf8')).join(''));
  return file;
}
