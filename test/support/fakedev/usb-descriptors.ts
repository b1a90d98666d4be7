import { FAKE_ADAPTER } from './fake-adapter.ts';

/**
 * What a full-speed board with one serial port says of itself (USB 2.0 section 9.6; CDC 1.2; PSTN 1.2): device,
 * configuration, association, control interface with its functional descriptors, data interface with two bulk pipes.
 */
export function usbDescriptors(): Buffer {
  const { vendorId, productId } = FAKE_ADAPTER;
  const word = (value: number) => [value & 255, value >> 8];
  // bcdUSB 2.00: from 2.01 on the browser asks for more descriptors.
  const device = [
    18,
    1,
    ...word(0x200),
    0xef,
    2,
    1,
    64,
    ...word(vendorId),
    ...word(productId),
    ...word(0x100),
  ];
  const strings = [1, 2, 3, 1];
  const interfaces = [
    [8, 0x0b, 0, 2, 2, 2, 1, 0],
    [9, 4, 0, 0, 1, 2, 2, 1, 0],
    [5, 0x24, 0, 0x10, 1],
    [5, 0x24, 1, 0, 1],
    [4, 0x24, 2, 6],
    [5, 0x24, 6, 0, 1],
    [7, 5, 0x81, 3, 16, 0, 10],
    [9, 4, 1, 0, 2, 10, 0, 0, 0],
    [7, 5, 0x82, 2, 64, 0, 0],
    [7, 5, 0x02, 2, 64, 0, 0],
  ].flat();
  const configuration = [9, 2, ...word(9 + interfaces.length), 2, 1, 0, 0x80, 50];
  return Buffer.from([...device, ...strings, ...configuration, ...interfaces]);
}
