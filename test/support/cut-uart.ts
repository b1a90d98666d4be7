import type { UartDevice } from '../../simulator/uart-sockets.ts';

export interface CutUart extends UartDevice {
  /** Bytes over the wire so far, both ways. */
  readonly moved: () => number;
  /** How often the wire broke. */
  readonly cuts: () => number;
  /**
   * The wire breaks once so many bytes more have gone over it, in the middle of whatever that is; then again after as many
   * as the next number says, counted from there.
   */
  cutAfter(...bytes: readonly number[]): void;
}

/** A simulated device on a wire that can be cut at any byte. */
export function cutUart(device: UartDevice): CutUart {
  let moved = 0;
  let cuts = 0;
  let breaksAt = Number.POSITIVE_INFINITY;
  let places: readonly number[] = [];
  const arm = () => {
    const [next = Number.POSITIVE_INFINITY, ...rest] = places;
    places = rest;
    breaksAt = moved + next;
  };
  return {
    moved: () => moved,
    cuts: () => cuts,
    cutAfter: (...bytes) => {
      places = bytes;
      arm();
    },
    reset: () => device.reset(),
    attachUart(onBytes, onCut) {
      let broken = false;
      const through = (bytes: Uint8Array) => {
        if (broken) return new Uint8Array(0);
        const some = bytes.slice(0, Math.max(0, breaksAt - moved));
        moved += some.length;
        if (moved >= breaksAt) {
          broken = true;
          cuts += 1;
          arm();
          // After what still came through.
          queueMicrotask(() => {
            end.detach();
            onCut();
          });
        }
        return some;
      };
      const end = device.attachUart((bytes) => onBytes(through(bytes)), onCut);
      return { send: (bytes) => end.send(through(bytes)), detach: () => end.detach() };
    },
  };
}
