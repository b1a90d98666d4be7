import type { X509Certificate } from 'node:crypto';
import { connect, type TLSSocket } from 'node:tls';

export const HOST = 'bind.example.test';

/** Who answers this name at this port, as a browser that trusts these roots finds out. Rejects if it would show no page. */
export async function visit(
  port: number,
  roots: string,
  host = HOST,
): Promise<{ readonly certificate: X509Certificate; readonly socket: TLSSocket }> {
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  const socket = connect({
    ...{ port, host: '127.0.0.1', servername: host, ca: roots },
    ALPNProtocols: ['h2', 'http/1.1'],
  });
  socket.once('secureConnect', resolve).once('error', reject);
  try {
    await promise;
  } catch (error) {
    socket.destroy();
    throw error;
  }
  const certificate = socket.getPeerX509Certificate();
  if (certificate === undefined) throw new Error('no certificate');
  return { certificate, socket };
}

/** Asks on a connection that is open, and gives the whole answer, of a known length. */
export async function askOn(socket: TLSSocket, path: string, host = HOST): Promise<string> {
  const { promise, resolve, reject } = Promise.withResolvers<string>();
  let text = '';
  const hear = (chunk: Buffer) => {
    text += chunk.toString('latin1');
    const [head = '', body] = text.split(/\r\n\r\n(.*)/s);
    const length = Number(/^content-length: (\d+)/im.exec(head)?.[1] ?? 0);
    if (body !== undefined && body.length >= length) resolve(text);
  };
  socket
    .on('data', hear)
    .once('error', reject)
    .once('close', () => reject(new Error('closed')));
  socket.write(`GET ${path} HTTP/1.1\r\nHost: ${host}\r\n\r\n`);
  try {
    return await promise;
  } finally {
    socket.off('data', hear);
  }
}
