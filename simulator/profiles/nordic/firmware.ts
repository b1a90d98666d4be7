import type { Misbehaviour } from '../firmware.ts';

/** Build options and state of a simulated nRF91 with nRF Connect SDK's AT host, and what its modem firmware can. */
export interface NordicFirmware {
  /** CONFIG_AT_HOST_TERMINATION. */
  readonly termination: 'cr' | 'lf' | 'crlf';
  /** CONFIG_AT_HOST_CMD_MAX_LEN. */
  readonly lineBuffer: number;
  /** Whether a Zephyr shell stands before the modem, with `at '...'` (sdk-nrf lib/at_shell). */
  readonly shell: boolean;
  /** Whether %KEYGEN takes a subject (modem firmware 1.3 on). */
  readonly subjects: boolean;
  /** Whether %JWT signs with a client key (modem firmware 1.3 on). */
  readonly tokens: boolean;
  /** Whether AT%CMNG=2 shows certificates. */
  readonly reads: boolean;
  /** Whether unsolicited results and log lines appear. */
  readonly noise: boolean;
  /** +CFUN after boot: 1 is on the air. */
  readonly mode: number;
}

export const NORDIC_FIRMWARE: NordicFirmware = {
  termination: 'crlf',
  lineBuffer: 4096,
  shell: false,
  subjects: true,
  tokens: true,
  reads: true,
  noise: true,
  mode: 1,
};

export type NordicMisbehaviour =
  | Misbehaviour
  /** The attestation speaks of another request than the one handed over. */
  | { readonly kind: 'digest-mismatch' };
