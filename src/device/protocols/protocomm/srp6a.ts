import { type Bytes, concat, fromHex, toHex, utf8 } from '../../../../core/bytes.ts';

type Hash = (data: Uint8Array) => Promise<Bytes>;

/** The 3072-bit group of RFC 5054 appendix A (the prime of RFC 3526 section 4), g = 5. */
const N = BigInt(
  `0x${[
    'ffffffffffffffffc90fdaa22168c234c4c6628b80dc1cd129024e088a67cc74',
    '020bbea63b139b22514a08798e3404ddef9519b3cd3a431b302b0a6df25f1437',
    '4fe1356d6d51c245e485b576625e7ec6f44c42e9a637ed6b0bff5cb6f406b7ed',
    'ee386bfb5a899fa5ae9f24117c4b1fe649286651ece45b3dc2007cb8a163bf05',
    '98da48361c55d39a69163fa8fd24cf5f83655d23dca3ad961c62f356208552bb',
    '9ed529077096966d670c354e4abc9804f1746c08ca18217c32905e462e36ce3b',
    'e39e772c180e86039b2783a2ec07a28fb5c55df06f4c52c9de2bcbf695581718',
    '3995497cea956ae515d2261898fa051015728e5a8aaac42dad33170d04507a33',
    'a85521abdf1cba64ecfb850458dbef0a8aea71575d060c7db3970f85a6e1e4c7',
    'abf5ae8cdb0933d71e8c94e04a25619dcee3d2261ad2ee6bf12ffa06d98a0864',
    'd87602733ec86a64521f2b18177b200cbbe117577a615d6c770988c0bad946e2',
    '08e24fa074e5ab3143db5bfce0fd108e4b82d120a93ad2caffffffffffffffff',
  ].join('')}`,
);
const G = 5n;
export const SRP_BYTES = 384;

/** What the client sends and keeps after the device's first answer. */
export interface SrpProof {
  readonly sessionKey: Bytes;
  /** M1, sent; and M2, to be compared with what the device sends. */
  readonly clientProof: Bytes;
  readonly deviceProof: Bytes;
}

/** A, 384 bytes. `a` is random, 32 bytes or more. */
export function srpPublic(a: Uint8Array): Bytes {
  return padded(power(G, integer(a)));
}

/**
 * The client's side of SRP-6a as Espressif has it (components/protocomm/src/crypto/srp6a/esp_srp.c): SHA-512, k and u over
 * padded numbers, S and the proofs' A and B without leading zeros. Undefined for a B that RFC 5054 section 2.5.3 says
 * must be refused.
 */
export async function srpProof(
  hash: Hash,
  a: Uint8Array,
  login: { readonly user: string; readonly secret: string },
  device: { readonly salt: Uint8Array; readonly publicKey: Uint8Array },
): Promise<SrpProof | undefined> {
  const bigA = power(G, integer(a));
  const bigB = integer(device.publicKey);
  if (bigB >= N || bigB % N === 0n) return undefined;
  const u = integer(await hash(concat(padded(bigA), padded(bigB))));
  if (u === 0n) return undefined;
  const k = integer(await hash(concat(padded(N), padded(G))));
  const x = await srpPrivate(hash, login, device.salt);
  const base = (((bigB - k * power(G, x)) % N) + N) % N;
  const sessionKey = await hash(bare(power(base, integer(a) + u * x)));

  const hashN = await hash(padded(N));
  const hashG = await hash(padded(G));
  const group = hashN.map((byte, i) => byte ^ (hashG[i] ?? 0));
  const user = await hash(utf8(login.user));
  const clientProof = await hash(concat(group, user, device.salt, bare(bigA), bare(bigB), sessionKey));
  const deviceProof = await hash(concat(bare(bigA), clientProof, sessionKey));
  return { sessionKey, clientProof, deviceProof };
}

async function srpPrivate(
  hash: Hash,
  login: { readonly user: string; readonly secret: string },
  salt: Uint8Array,
): Promise<bigint> {
  return integer(await hash(concat(salt, await hash(utf8(`${login.user}:${login.secret}`)))));
}

/** Modular exponentiation. Not in constant time: whoever could time it over the radio has one try per session. */
function power(base: bigint, exponent: bigint): bigint {
  let result = 1n;
  let square = base % N;
  for (let rest = exponent; rest > 0n; rest >>= 1n) {
    if (rest & 1n) result = (result * square) % N;
    square = (square * square) % N;
  }
  return result;
}

function integer(bytes: Uint8Array): bigint {
  return bytes.length === 0 ? 0n : BigInt(`0x${toHex(bytes)}`);
}

function padded(value: bigint): Bytes {
  return fromHex(value.toString(16).padStart(SRP_BYTES * 2, '0')) ?? new Uint8Array(0);
}

/** Big-endian without leading zero bytes. */
function bare(value: bigint): Bytes {
  const hex = value.toString(16);
  return fromHex(hex.length % 2 === 0 ? hex : `0${hex}`) ?? new Uint8Array(0);
}
