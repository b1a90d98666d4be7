import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { fromBase64, toBase64 } from '../../core/bytes.ts';
import { lastPem, pemUnderWay } from '../../src/device/protocols/pem-in-noise.ts';
import { Transcript } from '../../src/device/protocols/transcript.ts';
import { pemOf } from '../support/device-bundle.ts';

const bytes = (text: string) => new Uint8Array(Buffer.from(text, 'latin1'));
const pem = () => pemOf(300).replaceAll('CERTIFICATE', 'PUBLIC KEY');
const derOf = (text: string) => fromBase64(text.replace(/-----[^-]+-----|\s/g, ''));
const found = (text: string) => {
  const der = lastPem(text, 'PUBLIC KEY');
  return der && toBase64(der);
};
const expected = (text: string) => toBase64(derOf(text) ?? new Uint8Array(0));

describe('a PEM block on a console', () => {
  const LOG = '[00:00:01.250,000] <inf> net_config: IPv4 address: 192.0.2.1\r\n';

  it('is found between other output, with CR LF', () => {
    const block = pem();
    expect(found(`*** Booting ***\r\n${block.replaceAll('\n', '\r\n')}uart:~$ `)).toBe(expected(block));
  });

  it('is found with a log line between any two of its lines, or in the middle of one', () => {
    const block = pem();
    fc.assert(
      fc.property(fc.nat(block.length - 60), (at) => {
        const where = at + 28;
        expect(found(`${block.slice(0, where)}${LOG}${block.slice(where)}`)).toBe(expected(block));
      }),
    );
  });

  it('is found when the log printed it, with its prefix on each line', () => {
    const block = pem();
    const logged = block.split('\n').map((line) => `[00:00:00.001,000] <inf> tls_keygen: ${line}`);
    expect(found(logged.join('\r\n'))).toBe(expected(block));
  });

  it('is found behind a prompt that a log line left standing', () => {
    const block = pem();
    expect(found(block.replace('\n', `\nuart:~$ ${LOG}`))).toBe(expected(block));
  });

  it('is the newest after a restart, and the older while the newer is torn', () => {
    const [old, young] = [pem(), pem()];
    expect(found(old + young)).toBe(expected(young));
    expect(found(old + young.replace(/\n.{64}\n/, '\n'))).toBe(expected(old));
    expect(pemUnderWay(old + young.slice(0, 100), 'PUBLIC KEY')).toBe(true);
  });

  it('is not found where there is none, whatever the text', () => {
    fc.assert(
      fc.property(fc.string({ maxLength: 2_000 }), (text) => lastPem(text, 'PUBLIC KEY') === undefined),
    );
    fc.assert(
      fc.property(fc.string({ maxLength: 500 }), (text) => {
        expect(found(`-----BEGIN PUBLIC KEY-----\n${text}\n-----END PUBLIC KEY-----`)).toBeUndefined();
      }),
    );
  });
});

describe('a transcript', () => {
  it('strips colours and cursor movements however they are cut', () => {
    const raw = '\u001b[1;32muart:~$ \u001b[m\u001b[8D\u001b[Jok\u001b[0m!';
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 12 }), (size) => {
        const seen = new Transcript();
        for (let at = 0; at < raw.length; at += size) seen.add(bytes(raw.slice(at, at + size)));
        expect(seen.since(0)).toBe('uart:~$ ok!');
      }),
    );
  });

  it('keeps no more than its limit of what never ends', () => {
    fc.assert(
      fc.property(fc.array(fc.uint8Array({ maxLength: 300 }), { maxLength: 60 }), (chunks) => {
        const seen = new Transcript(1_000);
        for (const chunk of chunks) seen.add(chunk);
        expect(seen.since(0).length).toBeLessThanOrEqual(1_000);
        expect(seen.since(seen.end)).toBe('');
      }),
    );
  });
});
