import { once } from 'node:events';
import { createServer, type Server, type Socket } from 'node:net';
import type { Attachment } from './profiles/zephyr-cred.ts';

/** From reset to the first printed line: a bootloader's pause, in which the far end gets its port ready. */
const BOOT_MS = 150;

/** A simulated device with a UART, of whatever firmware. */
export interface UartDevice {
  attachUart(onBytes: (bytes: Uint8Array) => void, onCut: () => void): Attachment;
  reset(): void;
}

export interface UartServer {
  /** The TCP port, or the path of the socket. */
  readonly at: number | string;
  /** Cuts whoever is connected. */
  cut(): void;
  close(): Promise<void>;
}

/**
 * The device's UART on a socket: each connection is a cable plugged in.
 *
 * @param resetOnOpen whether opening resets the device, as on boards whose DTR line is wired to reset
 */
export async function serveUart(
  device: UartDevice,
  where: { readonly port: number } | { readonly path: string },
  resetOnOpen: boolean,
): Promise<UartServer> {
  const open = new Set<Socket>();
  const server: Server = createServer((socket) => {
    open.add(socket);
    const end = device.attachUart(
      (bytes) => void socket.write(bytes),
      () => socket.end(),
    );
    let inReset = resetOnOpen;
    const start = () => {
      inReset = false;
      device.reset();
    };
    const boot = resetOnOpen ? setTimeout(start, BOOT_MS) : undefined;
    socket.on('data', (bytes) => {
      // Held in reset it hears nothing.
      if (!inReset) void end.send(bytes);
    });
    socket.on('error', () => socket.destroy());
    socket.on('close', () => {
      clearTimeout(boot);
      end.detach();
      open.delete(socket);
    });
  });
  if ('port' in where) server.listen(where.port, '127.0.0.1');
  else server.listen(where.path);
  await once(server, 'listening');
  const address = server.address();
  const cut = () => {
    for (const socket of open) socket.destroy();
  };
  return {
    at: typeof address === 'object' && address !== null ? address.port : (address ?? ''),
    cut,
    async close() {
      cut();
      server.close();
      await once(server, 'close');
    },
  };
}
