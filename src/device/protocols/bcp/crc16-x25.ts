/** CRC-16/X-25: polynomial 0x1021 reflected, start and final XOR FFFF (Arduino_NetworkConfigurator, PacketManager.cpp). */
export function crc16X25(bytes: Uint8Array): number {
  let crc = 0xffff;
  for (const byte of bytes) {
    crc ^= byte;
    for (let bit = 0; bit < 8; bit++) crc = (crc >> 1) ^ (crc & 1 ? 0x8408 : 0);
  }
  return crc ^ 0xffff;
}
