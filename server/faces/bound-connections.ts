import type { Server } from 'node:http';
import type { Socket } from 'node:net';
import { addressName } from './rate-limit.ts';

/** Of all connections, those that one address may hold. Behind a proxy everybody has one address, so it is not less. */
const SHARE_OF_ONE = 0.5;
/** Beyond the bound for a moment: a connection that was ended keeps its descriptor until the next turn of the loop. */
const SPARE = 32;

/**
 * Keeps at most `most` connections open, and of one address half as many. A new one takes the place of one that has no request
 * under way: of its own address where that has too many, else of the address that has the most, and there of the one that has
 * waited longest. So whoever opens connections and says nothing loses them first. Where all are busy the new one is ended.
 */
export function boundConnections(server: Server, most: number): void {
  const ofOne = Math.max(1, Math.floor(most * SHARE_OF_ONE));
  server.maxConnections = most + SPARE;
  const open = new Map<string, { readonly socket: Socket; readonly from: string; requests: number }>();
  const counts = new Map<string, number>();
  /** By address, those without a request; the one that has waited longest first. */
  const waiting = new Map<string, Map<string, Socket>>();

  function wait(name: string, from: string, socket: Socket): void {
    const some = waiting.get(from) ?? new Map<string, Socket>();
    waiting.set(from, some.set(name, socket));
  }

  function stopWaiting(name: string, from: string): void {
    const some = waiting.get(from);
    some?.delete(name);
    if (some?.size === 0) waiting.delete(from);
  }

  function forget(name: string, from: string): void {
    if (!open.delete(name)) return;
    const count = (counts.get(from) ?? 1) - 1;
    if (count === 0) counts.delete(from);
    else counts.set(from, count);
    stopWaiting(name, from);
  }

  /** Ends the connection of this address that has waited longest; false if all of them are busy. */
  function endOneOf(from: string | undefined): boolean {
    const [first] = from === undefined ? [] : (waiting.get(from) ?? []);
    if (first === undefined || from === undefined) return false;
    const [name, socket] = first;
    forget(name, from);
    socket.destroy();
    return true;
  }

  function addressWithMost(): string | undefined {
    let found: string | undefined;
    for (const from of waiting.keys())
      if (found === undefined || (counts.get(from) ?? 0) > (counts.get(found) ?? 0)) found = from;
    return found;
  }

  server.on('connection', (socket: Socket) => {
    const name = nameOf(socket);
    if (name === undefined || socket.remoteAddress === undefined) return;
    const from = addressName(socket.remoteAddress);
    const held = counts.get(from) ?? 0;
    const isRoom =
      held < ofOne ? open.size < most || endOneOf(addressWithMost()) : held === ofOne && endOneOf(from);
    if (!isRoom) {
      socket.destroy();
      return;
    }
    open.set(name, { socket, from, requests: 0 });
    counts.set(from, (counts.get(from) ?? 0) + 1);
    wait(name, from, socket);
    socket.once('close', () => forget(name, from));
  });

  server.on('request', ({ socket }, response) => {
    const name = nameOf(socket);
    const one = name === undefined ? undefined : open.get(name);
    if (one === undefined || name === undefined) return;
    one.requests++;
    stopWaiting(name, one.from);
    response.once('close', () => {
      one.requests--;
      if (one.requests === 0 && open.get(name) === one) wait(name, one.from, one.socket);
    });
  });
}

/** A TLS connection has two sockets, the one that was accepted and the one that speaks, at the same address and port. */
function nameOf({ remoteAddress, remotePort }: Socket): string | undefined {
  return remoteAddress === undefined ? undefined : `${remoteAddress} ${remotePort}`;
}
