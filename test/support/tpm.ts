import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Bytes, toBase64Url } from '../../core/bytes.ts';
import { fromPem } from '../../core/pem.ts';
import { bits, oid, sequence, setOf, smallInteger, tlv, utf8String } from '../../server/x509/der-writer.ts';
import { run } from './openssl.ts';
import { answers } from './own-program.ts';

export type EndorsementKind = 'rsa' | 'ecc';

/** A device with a TPM: swtpm, spoken to by tpm2-tools, with an endorsement, an attestation and a device key. */
export class TpmDevice {
  readonly #folder: string;
  readonly #port: number;
  readonly #swtpm: ChildProcess;

  private constructor(folder: string, port: number, swtpm: ChildProcess) {
    this.#folder = folder;
    this.#port = port;
    this.#swtpm = swtpm;
  }

  static async start(kind: EndorsementKind): Promise<TpmDevice> {
    const folder = mkdtempSync(join(tmpdir(), 'fieldbind-tpm-'));
    const port = await freePair();
    const swtpm = spawn(
      'swtpm',
      [
        ...['socket', '--tpm2', '--tpmstate', `dir=${folder}`, '--flags', 'not-need-init,startup-clear'],
        ...['--server', `type=tcp,port=${port}`, '--ctrl', `type=tcp,port=${port + 1}`],
      ],
      { stdio: 'ignore' },
    );
    const device = new TpmDevice(folder, port, swtpm);
    await device.#listening();
    await device.#make(kind);
    return device;
  }

  /** It says nothing when it is ready; until then its port refuses. */
  async #listening(): Promise<void> {
    for (;;) {
      if (this.#swtpm.exitCode !== null) throw new Error('swtpm did not start');
      if (await answers(this.#port + 1)) return;
    }
  }

  async #make(kind: EndorsementKind): Promise<void> {
    await this.tool('createek', '-G', kind, '-c', 'ek.ctx', '-u', 'ek.pem', '-f', 'pem');
    await this.tool(
      ...['createak', '-C', 'ek.ctx', '-c', 'ak.ctx', '-G', kind, '-g', 'sha256'],
      ...['-s', kind === 'rsa' ? 'rsassa' : 'ecdsa', '-u', 'ak.pub', '-f', 'tss'],
    );
    await this.tool('createprimary', '-C', 'o', '-G', 'ecc', '-c', 'storage.ctx');
    await this.makeKey('device', 'fixedtpm|fixedparent|sensitivedataorigin|userwithauth|sign');
  }

  /** A signing key under the storage key, certified by the attestation key. */
  async makeKey(name: string, attributes: string): Promise<void> {
    const files = ['-u', `${name}.pub`, '-r', `${name}.priv`];
    await this.tool('create', '-C', 'storage.ctx', '-G', 'ecc:ecdsa', '-a', attributes, ...files);
    await this.tool('load', '-C', 'storage.ctx', ...files, '-c', `${name}.ctx`);
    await this.tool(
      ...['certify', '-c', `${name}.ctx`, '-C', 'ak.ctx', '-g', 'sha256'],
      ...['-o', `${name}.attest`, '-s', `${name}.sig`],
    );
    await this.tool('readpublic', '-c', `${name}.ctx`, '-f', 'pem', '-o', `${name}.pem`);
  }

  /** Runs one of tpm2-tools, and then frees what it left in the TPM, which has place for three objects. */
  async tool(name: string, ...words: readonly string[]): Promise<void> {
    await this.#run(name, words);
    await this.#run('flushcontext', ['-t']);
  }

  async #run(name: string, words: readonly string[]): Promise<void> {
    const tcti = `TPM2TOOLS_TCTI=swtpm:host=127.0.0.1,port=${this.#port}`;
    const { code, out } = await run('env', ['-C', this.#folder, tcti, `tpm2_${name}`, ...words]);
    if (code !== 0) throw new Error(`tpm2_${name}: ${out}`);
  }

  file(name: string): Bytes {
    return new Uint8Array(readFileSync(join(this.#folder, name)));
  }

  /** SubjectPublicKeyInfo of `ek` or a key, DER. */
  spki(name: string): Bytes {
    const [der] = fromPem('PUBLIC KEY', Buffer.from(this.file(`${name}.pem`)).toString('latin1'));
    if (der === undefined) throw new Error(`no key ${name}`);
    return der;
  }

  /** TPMT_PUBLIC of `ak` or a key: its file without the size in front. */
  area(name: string): Bytes {
    return this.file(`${name}.pub`).slice(2);
  }

  /** The secret in a credential, which only this TPM finds. */
  async activate(credential: Uint8Array): Promise<Bytes> {
    writeFileSync(join(this.#folder, 'credential'), credential);
    await this.#run('startauthsession', ['--policy-session', '-S', 'session.ctx']);
    try {
      await this.#run('policysecret', ['-S', 'session.ctx', '-c', 'e']);
      await this.#run('activatecredential', [
        ...['-c', 'ak.ctx', '-C', 'ek.ctx', '-i', 'credential', '-o', 'secret'],
        ...['-P', 'session:session.ctx'],
      ]);
    } finally {
      await this.#run('flushcontext', ['session.ctx']);
      await this.#run('flushcontext', ['-t']);
    }
    return this.file('secret');
  }

  /** What the device's key was certified with. */
  certified(name = 'device'): { key: string; attest: string; signature: string } {
    return {
      key: toBase64Url(this.area(name)),
      attest: toBase64Url(this.file(`${name}.attest`)),
      signature: toBase64Url(this.file(`${name}.sig`)),
    };
  }

  /** A certification request that the device's key in the TPM signed. */
  async request(commonName: string): Promise<Bytes> {
    const attribute = sequence(oid('2.5.4.3'), utf8String(commonName));
    const info = sequence(smallInteger(0), sequence(setOf(attribute)), this.spki('device'), tlv(0xa0));
    writeFileSync(join(this.#folder, 'info'), info);
    await this.tool('sign', '-c', 'device.ctx', '-g', 'sha256', '-f', 'plain', '-o', 'info.sig', 'info');
    const algorithm = sequence(oid('1.2.840.10045.4.3.2'));
    return sequence(info, algorithm, bits(this.file('info.sig')));
  }

  async stop(): Promise<void> {
    const ended = new Promise((resolve) => this.#swtpm.once('exit', resolve));
    this.#swtpm.kill('SIGTERM');
    await ended;
    rmSync(this.#folder, { recursive: true });
  }
}

/** Two ports beside each other: tpm2-tools look for the second right after the first. */
async function freePair(): Promise<number> {
  for (;;) {
    const first = await listen(0);
    const port = (first.address() as { port: number }).port;
    const second = await listen(port + 1).catch(() => undefined);
    await new Promise((resolve) => first.close(resolve));
    if (second === undefined) continue;
    await new Promise((resolve) => second.close(resolve));
    return port;
  }
}

function listen(port: number) {
  const server = createServer();
  return new Promise<typeof server>((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, '127.0.0.1', () => resolve(server));
  });
}
