import { DeviceError } from '../../../ports/device.ts';
import type { SmpFiles } from '../../protocols/smp-files.ts';

/** Where a firmware looks for its files. Its key file is never read or written: only whether it is there is asked. */
export interface Layout {
  readonly certificate: string;
  readonly key: string;
  /** Request for that key, as its maker left it beside; the first that is there counts. */
  readonly requests: readonly string[];
  /** What it trusts; undefined where that is built into the firmware. */
  readonly anchor: string | undefined;
}

const FOLDER = '/lfs1/credentials';

/** Golioth's two (pouch, examples/http_client/src/credentials.c; golioth-firmware-sdk, certificate_provisioning/src/main.c). */
const LAYOUTS: readonly Layout[] = [
  {
    certificate: `${FOLDER}/crt.der`,
    key: `${FOLDER}/key.der`,
    requests: [`${FOLDER}/csr.der`],
    anchor: `${FOLDER}/ca.der`,
  },
  {
    certificate: `${FOLDER}/client_cert.der`,
    key: `${FOLDER}/private_key.der`,
    requests: [`${FOLDER}/client_csr.der`, `${FOLDER}/csr.der`],
    anchor: undefined,
  },
];

/**
 * The layout that this firmware uses, by what is there: a key, or else a certificate. `no_key` if there is neither, since a
 * certificate in a file that nobody opens would pass for installed.
 */
export async function findLayout(files: SmpFiles, signal: AbortSignal): Promise<Layout> {
  for (const which of ['key', 'certificate'] as const) {
    for (const layout of LAYOUTS) {
      const size = await files.size(layout[which], signal);
      if (typeof size !== 'number' || size === 0) continue;
      // Whether it reads an anchor from a file is decided when it is built: only one that has such a file does.
      const anchor = layout.anchor === undefined ? undefined : await files.size(layout.anchor, signal);
      return { ...layout, anchor: typeof anchor === 'number' ? layout.anchor : undefined };
    }
  }
  throw new DeviceError('no_key', 'credential files');
}
