import type { Bytes } from '../../../../core/bytes.ts';

/** One request to `prov-session` and its answer. */
export type Handshake = (request: Uint8Array) => Promise<Bytes>;

/** What encrypts the calls after a handshake. Each call changes its state, so calls keep their order. */
export interface SecureChannel {
  seal(plain: Uint8Array): Promise<Bytes>;
  /** @throws DeviceError `device_garbage` if this is nothing that the device sealed */
  open(sealed: Uint8Array): Promise<Bytes>;
}
