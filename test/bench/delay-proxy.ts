import { once } from 'node:events';
import { connect, createServer, type Socket } from 'node:net';

export interface DelayProxy {
  readonly port: number;
  /** Milliseconds that a byte and its answer need on the way, both directions together. From now on. */
  setRoundTrip(milliseconds: number): void;
  /** Bytes that went up since the last call. */
  bytesUp(): number;
  close(): Promise<void>;
}

/**
 * A road to `target` that takes time and never loses or reorders anything. Ours, because the kernel here has no netem.
 * Bandwidth is not bounded, which favours whoever sends more bytes.
 */
export async function startDelayProxy(target: () => number): Promise<DelayProxy> {
  let roundTrip = 0;
  let up = 0;
  const open = new Set<Socket>();
  const server = createServer((near) => {
    const far = connect(target(), '127.0.0.1');
    for (const socket of [near, far]) {
      socket.setNoDelay(true);
      open.add(socket);
      socket.on('error', () => undefined); // the other end hears of it by the close
      socket.on('close', () => open.delete(socket));
    }
    near.on('data', (chunk) => {
      up += chunk.length;
    });
    carry(near, far, () => roundTrip / 2);
    carry(far, near, () => roundTrip / 2);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('no port');
  return {
    port: address.port,
    setRoundTrip(milliseconds) {
      roundTrip = milliseconds;
    },
    bytesUp() {
      const since = up;
      up = 0;
      return since;
    },
    async close() {
      server.close();
      for (const socket of open) socket.destroy();
      await once(server, 'close');
    },
  };
}

/** Each chunk as late as it should be, and never before the one ahead of it. */
function carry(from: Socket, to: Socket, delay: () => number): void {
  let last = 0;
  const later = (work: () => void) => {
    last = Math.max(last, performance.now() + delay());
    const wait = last - performance.now();
    if (wait <= 0.5) work();
    else setTimeout(work, wait);
  };
  from.on('data', (chunk) => later(() => to.writable && to.write(chunk)));
  from.on('end', () => later(() => to.end()));
  from.on('close', () => later(() => to.destroy()));
}
