/** Build options of the simulated firmware, with Zephyr's own names and defaults unless a comment says otherwise. */
export interface Firmware {
  /** CONFIG_TLS_CREDENTIALS_SHELL: whether the shell has `cred`. */
  readonly cred: boolean;
  /** CONFIG_MCUMGR_GRP_FS, and what lies in the file system; undefined where it is not built in. */
  readonly files: FilesFirmware | undefined;
  /** CONFIG_NET_SAMPLE_SEC_TAG of the tls_keygen sample. */
  readonly secTag: number;
  /** What the chip calls itself, in hexadecimal digits; undefined where that is what its UDID was made of. */
  readonly chipId: string | undefined;
  /** CONFIG_TLS_CREDENTIALS_SHELL_CRED_BUF_SIZE: Zephyr's default is 1024, too small for a PEM chain; makers raise it. */
  readonly credBuffer: number;
  /** CONFIG_SHELL_BACKEND_DUMMY_BUF_SIZE, the most SMP's shell group gives: 300 by default, too small for a CSR. */
  readonly smpShellBuffer: number;
  /** CONFIG_MCUMGR_TRANSPORT_NETBUF_SIZE, which SMP's `params` command states: 384 by default. */
  readonly smpBuffer: number;
  /** ATT_MTU after the exchange; a value is at most this less 3. */
  readonly attMtu: number;
  /** Whether the image holds nRF Connect SDK's `nrf_cloud_cred` commands. */
  readonly nrfCloudCred: boolean;
  /** Whether its device comes without a key, until `nrf_cloud_cred keygen` makes one. */
  readonly keyless: boolean;
  /** CONFIG_NRF_CLOUD_CREDENTIALS_KEYGEN_VERIFY: whether `nrf_cloud_cred pubkey` is there. */
  readonly exportsKey: boolean;
  /** Whether the image is the tls_keygen sample, which prints its key and request when it starts. */
  readonly printsAtBoot: boolean;
  /** Whether the shell echoes (CONFIG_SHELL_ECHO_STATUS) and colours (CONFIG_SHELL_VT100_COLORS). */
  readonly echo: boolean;
  readonly colours: boolean;
  /** Whether log lines appear between commands. */
  readonly logs: boolean;
}

/** An image whose credentials are files. */
export interface FilesFirmware {
  /** Golioth's pouch (`crt.der`) or its older SDK (`client_cert.der`). */
  readonly layout: 'pouch' | 'sdk';
  /** Whether its maker left the request for its key beside it. */
  readonly request: boolean;
  /** Whether it reads what it trusts from `ca.der` (CONFIG_POUCH_HTTP_TLS_LOAD_CA_FROM_FILESYSTEM). */
  readonly anchor: boolean;
  /** CONFIG_MCUMGR_GRP_FS_CHECKSUM_HASH with SHA-256. */
  readonly hash: boolean;
}

export const DEFAULT_FILES: FilesFirmware = { layout: 'pouch', request: true, anchor: true, hash: true };

/** The smp-files profile: a shell without `cred`, credentials in files, SMP on console and Bluetooth. */
export const FILES_FIRMWARE: Partial<Firmware> = { cred: false, printsAtBoot: false, files: DEFAULT_FILES };

export const DEFAULT_FIRMWARE: Firmware = {
  cred: true,
  files: undefined,
  secTag: 42,
  chipId: undefined,
  credBuffer: 4096,
  smpShellBuffer: 1024,
  smpBuffer: 1536,
  attMtu: 247,
  nrfCloudCred: false,
  keyless: false,
  exportsKey: true,
  printsAtBoot: true,
  echo: true,
  colours: true,
  logs: true,
};

/** The same with every buffer as small as Zephyr leaves it. */
export const SMALL_BUFFERS: Partial<Firmware> = { credBuffer: 1024, smpShellBuffer: 300, smpBuffer: 384 };

/** How a device may misbehave, each to be caught by something else. */
export type Misbehaviour =
  /** The request is for, and signed by, another key than the one printed. */
  | { readonly kind: 'wrong-key' }
  /** The request's signature does not verify. */
  | { readonly kind: 'broken-signature' }
  /** Another device answers: its key, request and chip id are its own, and not the label's. */
  | { readonly kind: 'other-device' }
  /** The wire is cut after this many bytes from the device, once. */
  | { readonly kind: 'drop'; readonly afterBytes: number }
  /** Noise instead of answers. */
  | { readonly kind: 'garbage' }
  /** No byte ever. */
  | { readonly kind: 'silent' }
  /** Stores something else than what it was given. */
  | { readonly kind: 'corrupt-store' };

/** Reads `drop:4000`, `garbage` and so on; undefined for what is none. */
export function misbehaviourOf(text: string): Misbehaviour | undefined {
  const [kind, number] = text.split(':');
  switch (kind) {
    case 'wrong-key':
    case 'broken-signature':
    case 'other-device':
    case 'garbage':
    case 'silent':
    case 'corrupt-store':
      return { kind };
    case 'drop':
      return { kind, afterBytes: Number(number ?? 2_000) };
    default:
      return undefined;
  }
}
