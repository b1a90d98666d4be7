import { type Bytes, equalBytes, fromUtf8, toHex } from '../../../../core/bytes.ts';
import { keyOfCertificate } from '../../../../core/certificate-key.ts';
import { type CertificationRequest, parseCsr } from '../../../../core/csr.ts';
import { DerError } from '../../../../core/der.ts';
import { fromPem } from '../../../../core/pem.ts';
import {
  type CredentialBundle,
  DeviceError,
  type DeviceEvidence,
  type DeviceIdentity,
  type DeviceSession,
  type DriverTraits,
  type InstallPart,
  type WrittenPart,
} from '../../../ports/device.ts';
import type { Link } from '../../../ports/link.ts';
import type { SmpFiles } from '../../protocols/smp-files.ts';
import type { DriverContext } from '../driver.ts';
import type { Layout } from './layout.ts';

export const SMP_FILES = 'smp-files';

/** A request of an RSA-4096 key has some 1,700 bytes, as PEM a third more. */
const LONGEST_REQUEST = 4_096;

export interface OpenedFiles {
  readonly link: Link;
  readonly files: SmpFiles;
  readonly layout: Layout;
  /** What the device says of itself by other ways than files, where it has any. */
  readonly identify: (signal: AbortSignal) => Promise<DeviceIdentity>;
  readonly release: () => void;
}

/** One file to write. DER holds one certificate, so that the chain has no place here. */
interface CredentialFile {
  readonly name: string;
  readonly part: InstallPart;
  readonly content: Bytes;
}

export class SmpFilesSession implements DeviceSession {
  readonly link;
  readonly traits: DriverTraits;
  readonly #opened: OpenedFiles;
  readonly #context: DriverContext;

  constructor(opened: OpenedFiles, context: DriverContext) {
    this.#opened = opened;
    this.#context = context;
    this.link = opened.link.kind;
    this.traits = {
      name: SMP_FILES,
      // Its maker's tools wrote the request, in whatever words.
      csrSubject: 'says-nothing',
      possession: 'static',
      evidence: 'key-and-csr',
      rowKind: 'key',
      installs: true,
      holdsAnchor: opened.layout.anchor !== undefined,
      readsBack: true,
      wifi: false,
      makesKey: false,
    };
  }

  identify(signal: AbortSignal): Promise<DeviceIdentity> {
    return this.#opened.identify(signal);
  }

  async evidence(signal: AbortSignal): Promise<DeviceEvidence> {
    const { csr, parsed } = await this.#request(signal);
    return { publicKey: parsed.spki.slice() as Bytes, csr, keyFrom: 'csr', possession: 'static' };
  }

  /** By the request that its maker left beside the key: all that these files show of it. */
  async holdsKey(publicKey: Uint8Array, signal: AbortSignal): Promise<boolean> {
    const { parsed } = await this.#request(signal);
    return equalBytes(parsed.spki, publicKey);
  }

  async installed(bundle: CredentialBundle, signal: AbortSignal): Promise<readonly WrittenPart[]> {
    const found: WrittenPart[] = [];
    for (const file of this.#filesOf(bundle)) {
      const digest = await this.#digestOf(file);
      if ((await this.#opened.files.digest(file.name, file.content.length, signal)) === digest)
        found.push({ parts: [file.part], digest });
    }
    return found;
  }

  async install(
    bundle: CredentialBundle,
    onPart: (part: WrittenPart) => void,
    signal: AbortSignal,
  ): Promise<readonly WrittenPart[]> {
    const { files } = this.#opened;
    const wanted = this.#filesOf(bundle);
    const leaf = wanted.find(({ part }) => part === 'leaf');
    if (leaf === undefined || !equalBytes((await this.#request(signal)).parsed.spki, keyIn(leaf.content)))
      throw new DeviceError('key_changed', 'credential files');
    const done: WrittenPart[] = [];
    for (const file of wanted) {
      const digest = await this.#digestOf(file);
      const digestOnDevice = () => files.digest(file.name, file.content.length, signal);
      if ((await digestOnDevice()) !== digest) {
        await files.upload(file.name, file.content, signal);
        if ((await digestOnDevice()) !== digest) throw new DeviceError('read_back_mismatch', file.part);
      }
      const part = { parts: [file.part], digest };
      done.push(part);
      onPart(part);
    }
    return done;
  }

  async close(): Promise<void> {
    this.#opened.release();
    await this.#opened.link.close();
  }

  /** The anchor first: what connects when the second arrives must trust by then. */
  #filesOf(bundle: CredentialBundle): readonly CredentialFile[] {
    const { certificate, anchor } = this.#opened.layout;
    const leaf = { name: certificate, part: 'leaf', content: derOf(bundle.leafPem) } as const;
    if (anchor === undefined) return [leaf];
    return [{ name: anchor, part: 'anchor', content: derOf(bundle.anchorPem) }, leaf];
  }

  async #digestOf({ content }: CredentialFile): Promise<string> {
    return toHex(await this.#context.crypto.sha256(content));
  }

  async #request(
    signal: AbortSignal,
  ): Promise<{ readonly csr: Bytes; readonly parsed: CertificationRequest }> {
    for (const name of this.#opened.layout.requests) {
      const found = await this.#opened.files.download(name, LONGEST_REQUEST, signal);
      if (found === undefined || found.length === 0) continue;
      const [csr = found] = fromPem('CERTIFICATE REQUEST', fromUtf8(found) ?? '');
      try {
        return { csr, parsed: parseCsr(csr) };
      } catch (cause) {
        throw new DeviceError('device_garbage', 'request file', { cause });
      }
    }
    throw new DeviceError('csr_missing', 'request file');
  }
}

function derOf(pem: string): Bytes {
  const [der, ...more] = fromPem('CERTIFICATE', pem);
  if (der === undefined || more.length > 0) throw new DeviceError('install_rejected', 'bundle is not PEM');
  return der;
}

function keyIn(certificate: Uint8Array): Bytes {
  try {
    return keyOfCertificate(certificate);
  } catch (cause) {
    if (cause instanceof DerError)
      throw new DeviceError('install_rejected', 'bundle is no certificate', { cause });
    throw cause;
  }
}
