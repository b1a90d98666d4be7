import { type Bytes, concat } from '../../../core/bytes.ts';

/** SMP's header: 8 bytes, big-endian, before a CBOR map (Zephyr doc/services/device_mgmt/smp_protocol.rst). */
export const SMP_HEADER = 8;

export type SmpOperation = 'read' | 'read-response' | 'write' | 'write-response';

const OPERATIONS: readonly SmpOperation[] = ['read', 'read-response', 'write', 'write-response'];

export interface SmpPacket {
  /** 0 is SMP v1, 1 is v2: they differ in how errors are told. */
  readonly version: number;
  readonly operation: SmpOperation;
  readonly group: number;
  readonly sequence: number;
  readonly command: number;
  /** The CBOR map, undecoded. */
  readonly payload: Uint8Array;
}

export function encodeSmp(packet: SmpPacket): Bytes {
  const header = new Uint8Array(SMP_HEADER);
  const view = new DataView(header.buffer);
  view.setUint8(0, (packet.version << 3) | OPERATIONS.indexOf(packet.operation));
  view.setUint16(2, packet.payload.length);
  view.setUint16(4, packet.group);
  view.setUint8(6, packet.sequence);
  view.setUint8(7, packet.command);
  return concat(header, packet.payload);
}

/** The packet in exactly these bytes; undefined if they are not one whole packet. */
export function decodeSmp(bytes: Uint8Array): SmpPacket | undefined {
  const length = smpLength(bytes);
  if (length === undefined || bytes.length !== length) return undefined;
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const operation = OPERATIONS[view.getUint8(0) & 7];
  if (operation === undefined) return undefined;
  return {
    version: (view.getUint8(0) >> 3) & 3,
    operation,
    group: view.getUint16(4),
    sequence: view.getUint8(6),
    command: view.getUint8(7),
    payload: bytes.subarray(SMP_HEADER),
  };
}

/** How long the packet that starts here is in all; undefined while its header is not whole. */
export function smpLength(bytes: Uint8Array): number | undefined {
  if (bytes.length < SMP_HEADER) return undefined;
  return SMP_HEADER + (((bytes[2] ?? 0) << 8) | (bytes[3] ?? 0));
}
