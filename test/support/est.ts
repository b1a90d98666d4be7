import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { openssl, run } from './openssl.ts';
import { privateKeyPem, type TestDevice } from './server-device.ts';

/** A certificate for the listener of a test, signed by itself. */
export async function serverPair(folder: string): Promise<{ certificateFile: string; keyFile: string }> {
  const pair = { certificateFile: join(folder, 'est.pem'), keyFile: join(folder, 'est.key') };
  const { code, out } = await openssl(
    ...['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-days', '30'],
    ...['-subj', '/CN=localhost', '-addext', 'subjectAltName=DNS:localhost'],
    ...['-keyout', pair.keyFile, '-out', pair.certificateFile],
  );
  if (code !== 0) throw new Error(out);
  return pair;
}

/** A device as an EST client: its key, a certificate to show, and a request. `curl` speaks for it. */
export class EstDevice {
  readonly #url: string;
  readonly #folder: string;
  readonly #device: TestDevice;
  readonly #name: string;

  constructor(url: string, folder: string, device: TestDevice, name = device.udid) {
    this.#url = url;
    this.#folder = folder;
    this.#device = device;
    this.#name = name;
  }

  at(name: string): string {
    return join(this.#folder, `${this.#name}.${name}`);
  }

  /** Writes key, request, and a certificate by which the device shows the key: one that it signed itself. */
  async prepare(): Promise<this> {
    writeFileSync(this.at('key'), await privateKeyPem(this.#device));
    writeFileSync(
      this.at('csr'),
      Buffer.from(this.#device.csr)
        .toString('base64')
        .replace(/.{1,64}/g, '$&\n'),
    );
    const made = await openssl(
      ...['req', '-x509', '-new', '-key', this.at('key'), '-subj', '/CN=anybody', '-days', '30'],
      ...['-out', this.at('self.pem')],
    );
    if (made.code !== 0) throw new Error(made.out);
    return this;
  }

  /** Gives status, `Retry-After`, and the certificate that came, PEM. */
  async ask(
    operation: string,
    { show = 'self.pem', request = this.at('csr') }: { show?: string | undefined; request?: string } = {},
  ): Promise<{ status: number; retryAfter: string; leaf: string }> {
    const client = show === '' ? [] : ['--cert', this.at(show), '--key', this.at('key')];
    const { code, out } = await run('curl', [
      ...['--silent', '--show-error', '--cacert', join(this.#folder, 'est.pem'), ...client],
      ...['--header', 'content-type: application/pkcs10', '--data-binary', `@${request}`],
      ...['--output', this.at('answer'), '--write-out', '%{http_code} %header{retry-after}'],
      `${this.#url}/.well-known/est/${operation}`,
    ]);
    if (code !== 0) throw new Error(`curl: ${out}`);
    const [status = '', retryAfter = ''] = out.split(' ');
    return { status: Number(status), retryAfter, leaf: status === '200' ? await this.certificate() : '' };
  }

  /** The first certificate of the answer, as OpenSSL reads it. */
  async certificate(): Promise<string> {
    await run('openssl', ['base64', '-d', '-in', this.at('answer'), '-out', this.at('p7')]);
    const { code, out } = await openssl('pkcs7', '-inform', 'DER', '-in', this.at('p7'), '-print_certs');
    if (code !== 0) throw new Error(out);
    return /-----BEGIN CERTIFICATE-----[^-]*-----END CERTIFICATE-----\n/.exec(out)?.[0] ?? '';
  }

  /** Keeps a certificate that came, to be shown later. */
  keep(name: string, pem: string): void {
    writeFileSync(this.at(name), pem);
  }
}
