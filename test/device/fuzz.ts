import { DeviceError } from '../../src/ports/device.ts';
import { inputs, SEED } from '../support/fuzzing.ts';

/** Inputs for each parser in full. */
const INPUTS = 100_000;
const LONGEST = 400;
// Most inputs end in an error, and a stack for each takes longer than the parsing.
Error.stackTraceLimit = 0;

/** A small generator of numbers (xorshift32): from a seed the same inputs on every machine, and fast enough for millions of them. */
export class Dice {
  #state: number;

  constructor(seed: number) {
    this.#state = seed | 1;
  }

  /** 0 to below `sides`. */
  roll(sides: number): number {
    this.#state ^= this.#state << 13;
    this.#state ^= this.#state >>> 17;
    this.#state ^= this.#state << 5;
    return (this.#state >>> 0) % sides;
  }

  bytes(length: number): Uint8Array {
    const out = new Uint8Array(length);
    for (let at = 0; at < length; at++) out[at] = this.roll(256);
    return out;
  }
}

/** Values that lengths and counts are wrong by. */
const EDGES = [0, 1, 2, 0x17, 0x18, 0x7f, 0x80, 0xfe, 0xff] as const;

/** Random bytes, or one of the seeds with what a bad wire or a bad mind makes of it. */
export function hostile(dice: Dice, seeds: readonly Uint8Array[]): Uint8Array {
  const seed = seeds[dice.roll(seeds.length + 1)];
  if (seed === undefined) return dice.bytes(dice.roll(dice.roll(8) === 0 ? LONGEST : 48));
  let out = seed.slice();
  for (let changes = dice.roll(4); changes > 0 && out.length > 0; changes--) {
    const at = dice.roll(out.length);
    const to = at + dice.roll(out.length - at);
    switch (dice.roll(6)) {
      case 0:
        out[at] = dice.roll(256);
        break;
      case 1:
        out[at] = EDGES[dice.roll(EDGES.length)] ?? 0;
        break;
      case 2:
        out = out.slice(0, at);
        break;
      case 3:
        out = Uint8Array.from([...out.subarray(0, at), ...out.subarray(to)]);
        break;
      case 4:
        out = Uint8Array.from([...out.subarray(0, at), ...dice.bytes(dice.roll(6)), ...out.subarray(at)]);
        break;
      default:
        out = Uint8Array.from([...out.subarray(0, to), ...out.subarray(at)]).subarray(0, LONGEST * 3);
    }
  }
  return out;
}

/** Runs `parse` on that many inputs, which follow from the seed. Only its own kind of error may come out of it. */
export function fuzz(
  seeds: readonly Uint8Array[],
  parse: (input: Uint8Array, dice: Dice) => unknown,
  own: abstract new (...given: never[]) => Error = DeviceError,
): void {
  const dice = new Dice(SEED);
  for (let run = 0; run < inputs(INPUTS); run++) {
    const input = hostile(dice, seeds);
    try {
      parse(input, dice);
    } catch (error) {
      if (!(error instanceof own)) throw failure(input, error);
    }
  }
}

/** As `fuzz`, for what answers later. */
export async function fuzzLater(
  seeds: readonly Uint8Array[],
  parse: (input: Uint8Array, dice: Dice) => Promise<unknown>,
): Promise<void> {
  const dice = new Dice(SEED);
  for (let run = 0; run < inputs(INPUTS); run++) {
    const input = hostile(dice, seeds);
    try {
      await parse(input, dice);
    } catch (error) {
      if (!(error instanceof DeviceError)) throw failure(input, error);
    }
  }
}

function failure(input: Uint8Array, cause: unknown): Error {
  return new Error(`TEST_FUZZ_SEED=${SEED}, on ${Buffer.from(input).toString('hex')}`, { cause });
}
