import { X509Certificate } from 'node:crypto';
import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { utf8 } from '../../core/bytes.ts';
import { fromPem, toPem } from '../../core/pem.ts';
import { inFolder, openssl } from '../support/csr.ts';

test('comes back, in lines of 64 characters with a line feed at the end', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 300 }), (der) => {
      const pem = toPem('CERTIFICATE', der);
      expect(fromPem('CERTIFICATE', pem)).toEqual([der]);
      expect(pem.endsWith('-----END CERTIFICATE-----\n')).toBe(true);
      const body = pem.split('\n').slice(1, -2);
      expect(body.slice(0, -1).every((line) => line.length === 64)).toBe(true);
      expect((body.at(-1) ?? '').length).toBeLessThanOrEqual(64);
    }),
  );
});

test('writes what OpenSSL writes', () => {
  const pem = inFolder((at) => {
    const to = ['-keyout', at('k'), '-out', at('c')];
    openssl('req', '-x509', '-newkey', 'rsa:2048', '-nodes', '-subj', '/CN=x', ...to);
    return readFileSync(at('c'), 'utf8');
  });
  expect(toPem('CERTIFICATE', new Uint8Array(new X509Certificate(pem).raw))).toBe(pem);
});

test('blocks come in order, others between them are passed over', () => {
  const [a, b] = [utf8('a'), utf8('b')];
  const text = `words\n${toPem('CERTIFICATE', a)}${toPem('PRIVATE KEY', utf8('k'))}\r\n${toPem('CERTIFICATE', b)}`;
  expect(fromPem('CERTIFICATE', text)).toEqual([a, b]);
  expect(fromPem('PRIVATE KEY', text)).toEqual([utf8('k')]);
  expect(fromPem('CERTIFICATE', text.replaceAll('\n', '\r\n'))).toEqual([a, b]);
});

test.each([
  ['no end', '-----BEGIN X-----\nAA==\n'],
  ['another end', '-----BEGIN X-----\nAA==\n-----END Y-----\n'],
  ['base64 that is not canonical', '-----BEGIN X-----\nAB==\n-----END X-----\n'],
  ['a header inside', '-----BEGIN X-----\nProc-Type: 4\n\nAA==\n-----END X-----\n'],
  ['more than 256 KiB', `${toPem('X', new Uint8Array(1))}${' '.repeat(256 * 1024)}`],
])('a block with %s is left out', (_, text) => {
  expect(fromPem('X', text)).toEqual([]);
});

test('many openings without an end take no long time', () => {
  // 13,000 of them: a reader that tries each to the end of the text would need a hundred million steps and more.
  expect(fromPem('X', '-----BEGIN X-----\nAA'.repeat(13_000))).toEqual([]);
});
