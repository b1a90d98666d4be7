import { readFileSync, writeFileSync } from 'node:fs';
import { createServer, request } from 'node:https';
import { join } from 'node:path';
import { fromPem } from '../../core/pem.ts';
import { freePort } from './free-port.ts';
import { openssl } from './openssl.ts';

/** A CA's front that does what pebble never does. It goes by the name that the client asked for, as pebble does. */
export interface AcmeProxy {
  readonly directory: string;
  /** Answers orders so, until told otherwise. */
  behave(way: 'well' | 'too many' | 'for another name' | 'for another key' | 'rubbish' | 'broken'): void;
  /** Seconds that `too many` asks to wait. */
  readonly retryAfter: number;
  /** Orders that came. */
  orders(): number;
  stop(): Promise<void>;
}

/** @param folder with `pebble.pem` and `pebble.key`, by which this front is known too */
export async function startAcmeProxy(folder: string, behind: string): Promise<AcmeProxy> {
  const at = (name: string) => join(folder, name);
  const [cert, key] = [readFileSync(at('pebble.pem')), readFileSync(at('pebble.key'))];
  const target = new URL(behind);
  const retryAfter = 3 * 3_600;
  let way: Parameters<AcmeProxy['behave']>[0] = 'well';
  let orders = 0;
  let csr = '';

  /** A certificate for the key of the request and another name, or for this name and another key. */
  async function forged(): Promise<string> {
    const of = Buffer.from(csr, 'base64url')
      .toString('base64')
      .replace(/.{1,64}/g, '$&\n');
    writeFileSync(
      at('asked.csr'),
      `-----BEGIN CERTIFICATE REQUEST-----\n${of}-----END CERTIFICATE REQUEST-----\n`,
    );
    const name = way === 'for another name' ? 'other.example.test' : 'bind.example.test';
    writeFileSync(at('asked.ext'), `subjectAltName=DNS:${name}`);
    const subject =
      way === 'for another name'
        ? ['-in', at('asked.csr')]
        : [
            '-new',
            '-newkey',
            'ec',
            '-pkeyopt',
            'ec_paramgen_curve:P-256',
            '-nodes',
            '-keyout',
            at('other.key'),
            '-subj',
            '/',
          ];
    const made =
      way === 'for another name'
        ? await openssl(
            'x509',
            '-req',
            ...subject,
            '-CA',
            at('pebble.pem'),
            '-CAkey',
            at('pebble.key'),
            '-CAcreateserial',
            '-days',
            '2',
            '-extfile',
            at('asked.ext'),
            '-out',
            at('forged.pem'),
          )
        : await openssl(
            'req',
            '-x509',
            ...subject.slice(1),
            '-days',
            '2',
            '-addext',
            `subjectAltName=DNS:${name}`,
            '-out',
            at('forged.pem'),
          );
    if (made.code !== 0) throw new Error(made.out);
    const text = readFileSync(at('forged.pem'), 'latin1');
    if (fromPem('CERTIFICATE', text).length === 0) throw new Error('nothing forged');
    return text;
  }

  const server = createServer({ cert, key }, async (asked, answer) => {
    const body: Buffer[] = [];
    for await (const part of asked) body.push(part as Buffer);
    const sent = Buffer.concat(body);
    const path = asked.url ?? '';
    const problem = (status: number, type: string, more = {}) =>
      answer
        .writeHead(status, { 'content-type': 'application/problem+json', 'replay-nonce': 'x', ...more })
        .end(
          JSON.stringify({
            type: `urn:ietf:params:acme:error:${type}`,
            detail: 'too many\u001b[31m already',
          }),
        );
    if (path.startsWith('/order-plz')) {
      orders++;
      if (way === 'too many') return void problem(429, 'rateLimited', { 'retry-after': String(retryAfter) });
      if (way === 'broken') return void answer.writeHead(503).end('<html>');
    }
    if (path.startsWith('/finalize-order')) {
      const { payload } = JSON.parse(sent.toString()) as { payload: string };
      csr = (JSON.parse(Buffer.from(payload, 'base64url').toString()) as { csr: string }).csr;
    }
    const onward = request(
      { host: 'localhost', port: target.port, path, method: asked.method, headers: asked.headers, ca: cert },
      async (response) => {
        const parts: Buffer[] = [];
        for await (const part of response) parts.push(part as Buffer);
        let text: string | Buffer = Buffer.concat(parts);
        if (response.statusCode === 200 && path.startsWith('/certZ') && way.startsWith('for another'))
          text = await forged();
        if (response.statusCode === 200 && path.startsWith('/certZ') && way === 'rubbish')
          text = 'this is no certificate';
        const { 'content-length': _length, 'transfer-encoding': _coding, ...headers } = response.headers;
        answer.writeHead(response.statusCode ?? 500, headers).end(text);
      },
    );
    onward.once('error', () => answer.writeHead(502).end());
    onward.end(sent);
  });
  const port = await freePort();
  await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve));
  return {
    directory: `https://localhost:${port}/dir`,
    behave(next) {
      way = next;
    },
    retryAfter,
    orders: () => orders,
    async stop() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
