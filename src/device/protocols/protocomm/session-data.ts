import type { Bytes } from '../../../../core/bytes.ts';
import { DeviceError } from '../../../ports/device.ts';
import { type ProtoMessage, protoBytes, readProto } from './protobuf.ts';

/** protocomm's security schemes (esp-idf components/protocomm/proto/session.proto, SecSchemeVersion). */
export type SecurityVersion = 0 | 1 | 2;

/** What one security says in one step: `SecNPayload { msg = 1; <field> = body }`. */
export interface SessionStep {
  readonly version: SecurityVersion;
  readonly message: number;
  readonly field: number;
}

/** `SessionData { sec_ver = 2; sec0 = 10; sec1 = 11; sec2 = 12 }`. */
export function encodeSession(step: SessionStep, body: Uint8Array): Bytes {
  const payload = protoBytes([1, step.message], [step.field, body]);
  return protoBytes([2, step.version], [10 + step.version, payload]);
}

/**
 * The body of the answer expected.
 *
 * @throws DeviceError `device_garbage` if it is another one, `device_refused` if its status (field 1) is not 0
 */
export function decodeSession(bytes: Uint8Array, step: SessionStep, name: string): ProtoMessage {
  const session = readProto(bytes);
  const payload = session?.int(2) === step.version ? session.message(10 + step.version) : undefined;
  const body = payload?.int(1) === step.message ? payload.message(step.field) : undefined;
  if (body === undefined) throw new DeviceError('device_garbage', name);
  if (body.int(1) !== 0) throw new DeviceError('device_refused', name);
  return body;
}

/** Bytes of exactly this many, or of the lengths given. @throws DeviceError `device_garbage` */
export function sized(bytes: Bytes | undefined, least: number, most: number, name: string): Bytes {
  if (bytes === undefined || bytes.length < least || bytes.length > most)
    throw new DeviceError('device_garbage', name);
  return bytes;
}
