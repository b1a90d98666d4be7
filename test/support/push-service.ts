import { webcrypto } from 'node:crypto';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import type { IncomingHttpHeaders, IncomingMessage, ServerResponse } from 'node:http';
import { createServer } from 'node:https';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { importJWK, jwtVerify } from 'jose';
import { serverCertificate } from './server-certificate.ts';

const { subtle } = webcrypto;
const b64 = (bytes: ArrayBuffer | Uint8Array) => Buffer.from(bytes as Uint8Array).toString('base64url');

/** A message that came, opened by the browser it was for. */
export interface CameToBrowser {
  readonly browser: string;
  /** The plain text without padding. */
  readonly text: string;
  readonly bytes: number;
  readonly headers: IncomingHttpHeaders;
  /** Claims of the token that the sender showed, its signature verified under the key that it named. */
  readonly claims: Readonly<Record<string, unknown>>;
  /** The sender's public key, as it stands in the header. */
  readonly key: string;
}

export interface PushDouble {
  /** `127.0.0.1:port` */
  readonly host: string;
  /** PEM: what trusts this service's certificate. */
  readonly ca: string;
  readonly came: readonly CameToBrowser[];
  /** How the next ones are answered; 201 once it is used up. */
  readonly answers: ((response: ServerResponse) => void)[];
  /** A browser that subscribed here, as its `PushSubscription.toJSON()` says it. */
  subscribe(name: string): Promise<{ endpoint: string; keys: { p256dh: string; auth: string } }>;
  close(): Promise<void>;
}

interface Browser {
  readonly name: string;
  readonly keys: webcrypto.CryptoKeyPair;
  readonly publicKey: Uint8Array;
  readonly auth: Uint8Array;
}

/**
 * A push service and the browsers behind it, by RFC 8030, 8188, 8291 and 8292, over WebCrypto and jose: nothing of the sender's
 * code. It refuses what a real one refuses.
 */
export async function startPushService(now: () => number = Date.now): Promise<PushDouble> {
  const folder = mkdtempSync(join(tmpdir(), 'fieldbind-push-'));
  await serverCertificate(folder);
  const file = (name: string) => readFileSync(join(folder, name), 'utf8');
  const browsers = new Map<string, Browser>();
  const came: CameToBrowser[] = [];
  const answers: ((response: ServerResponse) => void)[] = [];
  const server = createServer(
    { cert: file('server.pem'), key: file('server.key') },
    (request, response) => void take(request, response).catch(() => response.writeHead(500).end()),
  ).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  const host = `127.0.0.1:${typeof address === 'object' && address !== null ? address.port : 0}`;
  const ca = file('server-ca.pem');
  rmSync(folder, { recursive: true });

  async function take(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const parts: Buffer[] = [];
    for await (const part of request) parts.push(part as Buffer);
    const body = Buffer.concat(parts);
    const browser = browsers.get(request.url ?? '');
    const { headers } = request;
    if (browser === undefined) return void response.writeHead(404).end();
    // RFC 8030, section 5.2: without TTL it is refused; section 5.4: a topic has at most 32 characters of base64url.
    if (!/^\d+$/.test(headers.ttl?.toString() ?? '')) return void response.writeHead(400).end();
    if (!/^[A-Za-z0-9_-]{1,32}$/.test(headers.topic?.toString() ?? 'x'))
      return void response.writeHead(400).end();
    if (body.length > 4096) return void response.writeHead(413).end();
    const shown = await verified(headers.authorization ?? '', `https://${host}`, now());
    if (shown === undefined) return void response.writeHead(403).end();
    const text = await opened(body, browser);
    came.push({ browser: browser.name, text, bytes: body.length, headers, ...shown });
    const answer = answers.shift() ?? ((to) => to.writeHead(201).end());
    answer(response);
  }

  return {
    ...{ host, ca, came, answers },
    async subscribe(name) {
      const keys = (await subtle.generateKey({ name: 'ECDH', namedCurve: 'P-256' }, true, [
        'deriveBits',
      ])) as webcrypto.CryptoKeyPair;
      const publicKey = new Uint8Array(await subtle.exportKey('raw', keys.publicKey));
      const auth = webcrypto.getRandomValues(new Uint8Array(16));
      const path = `/push/${b64(webcrypto.getRandomValues(new Uint8Array(16)))}`;
      browsers.set(path, { name, keys, publicKey, auth });
      return { endpoint: `https://${host}${path}`, keys: { p256dh: b64(publicKey), auth: b64(auth) } };
    },
    async close() {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}

/** The token of RFC 8292, section 3: `vapid t=…, k=…`. */
async function verified(header: string, audience: string, now: number) {
  const [, token = '', key = ''] = /^vapid t=([^,\s]+), ?k=([A-Za-z0-9_-]+)$/.exec(header) ?? [];
  const point = Buffer.from(key, 'base64url');
  if (point.length !== 65) return undefined;
  const jwk = { kty: 'EC', crv: 'P-256', x: b64(point.subarray(1, 33)), y: b64(point.subarray(33)) };
  try {
    const { payload } = await jwtVerify(token, await importJWK(jwk, 'ES256'), {
      audience,
      algorithms: ['ES256'],
      currentDate: new Date(now),
      clockTolerance: 60,
    });
    if ((payload.exp ?? 0) - now / 1000 > 24 * 3600) return undefined;
    return { claims: payload as Record<string, unknown>, key };
  } catch {
    return undefined;
  }
}

/** RFC 8188, section 2, under the keys of RFC 8291, section 3.4. One record. */
async function opened(body: Buffer, { keys, publicKey, auth }: Browser): Promise<string> {
  const salt = body.subarray(0, 16);
  const size = body.readUInt32BE(16);
  const length = body.readUInt8(20);
  const sender = body.subarray(21, 21 + length);
  const sealed = body.subarray(21 + length);
  if (sealed.length > size) throw new Error('more than one record');
  const other = await subtle.importKey('raw', sender, { name: 'ECDH', namedCurve: 'P-256' }, false, []);
  const shared = await subtle.deriveBits({ name: 'ECDH', public: other }, keys.privateKey, 256);
  const info = Buffer.concat([Buffer.from('WebPush: info\0'), publicKey, sender]);
  const input = await hkdf(shared, auth, info, 256);
  const key = await hkdf(input, salt, Buffer.from('Content-Encoding: aes128gcm\0'), 128);
  const iv = await hkdf(input, salt, Buffer.from('Content-Encoding: nonce\0'), 96);
  const aes = await subtle.importKey('raw', key, 'AES-GCM', false, ['decrypt']);
  const plain = Buffer.from(await subtle.decrypt({ name: 'AES-GCM', iv }, aes, sealed));
  let end = plain.length - 1;
  while (end >= 0 && plain[end] === 0) end--;
  if (plain[end] !== 2) throw new Error('the last record ends in another way');
  return plain.subarray(0, end).toString('utf8');
}

async function hkdf(key: ArrayBuffer, salt: Uint8Array, info: Uint8Array, bits: number) {
  const imported = await subtle.importKey('raw', key, 'HKDF', false, ['deriveBits']);
  return subtle.deriveBits({ name: 'HKDF', hash: 'SHA-256', salt, info }, imported, bits);
}
