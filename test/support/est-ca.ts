import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { createServer, type Server } from 'node:https';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import type { TLSSocket } from 'node:tls';
import type { EstCaConfig } from '../../server/config/config.ts';
import { openssl } from './openssl.ts';

const DAY = 24 * 3_600_000;

/**
 * What it does with the next requests. `elsewhere`: it names another domain than it was asked for; `old`: it begins a day
 * ago.
 */
export type Mood =
  | 'sign'
  | 'wait'
  | 'refuse'
  | 'away'
  | 'elsewhere'
  | 'long'
  | 'old'
  | 'other key'
  | 'other CA'
  | 'garbage';

/**
 * A third party's CA with EST, in the place of a product: Node's HTTPS with client certificates in front, OpenSSL behind for
 * all that is signed and packed. Its profile writes the domain that its path names and the request's common name; it
 * proves possession by the request's signature, as RFC 7030 section 3.4 has it where the client is an RA.
 */
export class EstCaPeer {
  mood: Mood = 'sign';
  /** Requests that came, and certificates that were signed, PEM. */
  asked = 0;
  readonly signed: string[] = [];
  readonly #folder: string;
  readonly #clock: { now(): number };
  readonly #server: Server;
  #files = 0;

  private constructor(folder: string, clock: { now(): number }) {
    this.#folder = folder;
    this.#clock = clock;
    this.#server = createServer(
      {
        cert: readFileSync(this.at('tls.pem')),
        key: readFileSync(this.at('tls.key')),
        ca: readFileSync(this.at('root.pem')),
        requestCert: true,
        rejectUnauthorized: true,
      },
      (request, response) => {
        this.#answer(request, response).catch(() => response.writeHead(500).end());
      },
    );
  }

  static async start(folder: string, clock: { now(): number }): Promise<EstCaPeer> {
    mkdirSync(folder, { recursive: true });
    const at = (name: string) => join(folder, name);
    for (const name of ['root', 'other', 'issuing', 'tls', 'ra'])
      await must('ecparam', '-name', 'prime256v1', '-genkey', '-noout', '-out', at(`${name}.key`));
    for (const name of ['root', 'other']) {
      const subject = name === 'root' ? '/CN=Third party root' : '/CN=Third party issuing';
      await must(
        ...['req', '-x509', '-new', '-key', at(`${name}.key`), '-subj', subject, '-days', '3650'],
        ...['-addext', 'keyUsage=critical,keyCertSign,cRLSign', '-out', at(`${name}.pem`)],
      );
    }
    const ca = 'basicConstraints=critical,CA:TRUE,pathlen:0\nkeyUsage=critical,keyCertSign,cRLSign\n';
    await certify(at, 'issuing', '/CN=Third party issuing', ca);
    await certify(at, 'tls', '/CN=localhost', 'subjectAltName=DNS:localhost\n');
    await certify(at, 'ra', '/CN=Fieldbind RA', 'extendedKeyUsage=clientAuth\n');
    writeFileSync(
      at('chain.pem'),
      readFileSync(at('issuing.pem'), 'utf8') + readFileSync(at('root.pem'), 'utf8'),
    );
    const peer = new EstCaPeer(folder, clock);
    await new Promise<void>((resolve) => peer.#server.listen(0, '127.0.0.1', resolve));
    return peer;
  }

  at(name: string): string {
    return join(this.#folder, name);
  }

  /** How the installation is told of it. */
  get config(): EstCaConfig {
    const { port } = this.#server.address() as AddressInfo;
    return {
      url: `https://localhost:${port}/.well-known/est/{domain}`,
      chainFile: this.at('chain.pem'),
      trustFile: undefined,
      certificateFile: this.at('ra.pem'),
      keyFile: this.at('ra.key'),
    };
  }

  /** The same as environment, for a process of its own. */
  get environment(): Record<string, string> {
    const { url, chainFile, certificateFile, keyFile } = this.config;
    return {
      FIELDBIND_EST_CA_URL: url,
      FIELDBIND_EST_CA_CHAIN: chainFile,
      FIELDBIND_EST_CA_CERT: certificateFile,
      FIELDBIND_EST_CA_KEY: keyFile,
    };
  }

  async close(): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    this.asked++;
    const domain = /^\/\.well-known\/est\/([a-z0-9.-]+)\/simpleenroll$/.exec(request.url ?? '')?.[1];
    const shown = (request.socket as TLSSocket).getPeerCertificate().subject?.CN;
    let body = '';
    for await (const part of request) body += part;
    if (domain === undefined) return void response.writeHead(404).end();
    if (shown !== 'Fieldbind RA') return void response.writeHead(403).end();
    switch (this.mood) {
      case 'wait':
        return void response.writeHead(202, { 'retry-after': '120' }).end();
      case 'refuse':
        return void response.writeHead(400).end('the profile does not allow this');
      case 'away':
        return void response.destroy();
      case 'garbage':
        return void response.writeHead(200).end(Buffer.from('no certificate').toString('base64'));
      default: {
        const p7 = await this.#sign(Buffer.from(body, 'base64'), domain);
        const type = 'application/pkcs7-mime; smime-type=certs-only';
        response.writeHead(200, { 'content-type': type, 'content-transfer-encoding': 'base64' });
        response.end(p7.toString('base64').replace(/.{1,64}/g, '$&\n'));
      }
    }
  }

  async #sign(csr: Buffer, domain: string): Promise<Buffer> {
    const n = ++this.#files;
    const at = (name: string) => this.at(`${n}.${name}`);
    writeFileSync(at('csr'), csr);
    const read = await must(
      'req',
      '-inform',
      'DER',
      '-in',
      at('csr'),
      '-verify',
      '-noout',
      '-subject',
      '-nameopt',
      'multiline',
    );
    const udid = /commonName\s*= (\S+)/.exec(read)?.[1] ?? '';
    const request =
      this.mood === 'other key' ? ['-in', this.at('ra.csr')] : ['-inform', 'DER', '-in', at('csr')];
    const named = this.mood === 'elsewhere' ? 'elsewhere.example' : domain;
    const ca = this.mood === 'other CA' ? 'other' : 'issuing';
    writeFileSync(
      at('ext'),
      [
        `subjectAltName=URI:spiffe://${named}/device/${udid},DNS:${udid}.d.${named}`,
        'basicConstraints=critical,CA:FALSE',
        'keyUsage=critical,digitalSignature',
        'extendedKeyUsage=clientAuth,serverAuth',
        '',
      ].join('\n'),
    );
    // A register for each, since OpenSSL's takes one writer at a time.
    writeFileSync(at('index'), '');
    writeFileSync(
      at('conf'),
      [
        '[ca]\ndefault_ca = one\n[one]\nrand_serial = yes\ndefault_md = sha256\npolicy = any',
        `database = ${at('index')}\nnew_certs_dir = ${this.#folder}`,
        '[any]\ncommonName = supplied\norganizationName = optional\n',
      ].join('\n'),
    );
    const days = this.mood === 'long' ? 800 : this.mood === 'old' ? 60 : 30;
    const from = this.mood === 'old' ? Date.now() - DAY : this.#clock.now() - 60_000;
    await must(
      ...['ca', '-batch', '-notext', '-config', at('conf'), '-subj', `/O=${named}/CN=${udid}`, ...request],
      ...['-cert', this.at(`${ca}.pem`), '-keyfile', this.at(`${ca}.key`), '-extfile', at('ext')],
      ...['-startdate', time(from), '-enddate', time(from + days * DAY), '-out', at('pem')],
    );
    this.signed.push(readFileSync(at('pem'), 'utf8'));
    await must('crl2pkcs7', '-nocrl', '-certfile', at('pem'), '-outform', 'DER', '-out', at('p7'));
    return readFileSync(at('p7'));
  }
}

/** YYYYMMDDHHMMSSZ. */
function time(at: number): string {
  return `${new Date(at).toISOString().replace(/\D/g, '').slice(0, 14)}Z`;
}

async function certify(at: (name: string) => string, name: string, subject: string, extensions: string) {
  writeFileSync(at(`${name}.ext`), extensions);
  await must('req', '-new', '-key', at(`${name}.key`), '-subj', subject, '-out', at(`${name}.csr`));
  await must(
    ...['x509', '-req', '-in', at(`${name}.csr`), '-CA', at('root.pem'), '-CAkey', at('root.key')],
    ...['-CAcreateserial', '-days', '3650', '-extfile', at(`${name}.ext`), '-out', at(`${name}.pem`)],
  );
}

async function must(...words: string[]): Promise<string> {
  const { code, out } = await openssl(...words);
  if (code !== 0) throw new Error(`openssl ${words[0]}: ${out}`);
  return out;
}
