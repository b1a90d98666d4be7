/** The device's side of SRP-6a, 3072 bits, SHA-512, as esp_srp.c computes it. Own code: nothing is shared with the app. */
export interface SrpHost {
  /** B, 384 bytes. */
  readonly publicKey: Uint8Array<ArrayBuffer>;
  /** Undefined if the client's proof is wrong; else M2 and the session key. */
  prove(
    a: Uint8Array,
    proof: Uint8Array,
  ): Promise<{ readonly proof: Uint8Array<ArrayBuffer>; readonly key: Uint8Array<ArrayBuffer> } | undefined>;
}

type Octets = Uint8Array<ArrayBuffer>;

/** RFC 3526 section 4, by the formula it gives instead of by its digits. */
const PRIME = 2n ** 3072n - 2n ** 3008n - 1n + 2n ** 64n * (piTimesTwoTo(2942n) + 1690314n);
const GENERATOR = 5n;

/** What the maker put into the firmware instead of the secret. */
export async function makeVerifier(user: string, secret: string, salt: Uint8Array): Promise<bigint> {
  const identity = await sha512(new TextEncoder().encode(`${user}:${secret}`));
  return raise(GENERATOR, number(await sha512(salt, identity)));
}

export async function srpHost(user: Uint8Array, salt: Uint8Array, verifier: bigint): Promise<SrpHost> {
  const secret = number(crypto.getRandomValues(new Uint8Array(32)));
  const multiplier = number(await sha512(octets(PRIME, 384), octets(GENERATOR, 384)));
  const own = (multiplier * verifier + raise(GENERATOR, secret)) % PRIME;
  return {
    publicKey: octets(own, 384),
    async prove(a, proof) {
      const theirs = number(a);
      if (theirs % PRIME === 0n) return undefined;
      const scramble = number(await sha512(octets(theirs, 384), octets(own, 384)));
      const shared = raise(theirs * raise(verifier, scramble), secret);
      const key = await sha512(octets(shared));
      const group = await sha512(octets(PRIME));
      const generator = await sha512(octets(GENERATOR, 384));
      for (let i = 0; i < 64; i++) group[i] = (group[i] ?? 0) ^ (generator[i] ?? 0);
      const expected = await sha512(group, await sha512(user), salt, octets(theirs), octets(own), key);
      if (!expected.every((byte, i) => byte === proof[i])) return undefined;
      return { proof: await sha512(octets(theirs), expected, key), key };
    },
  };
}

async function sha512(...parts: readonly Uint8Array[]): Promise<Octets> {
  const all = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    all.set(part, at);
    at += part.length;
  }
  return new Uint8Array(await crypto.subtle.digest('SHA-512', all));
}

function raise(base: bigint, exponent: bigint): bigint {
  let out = 1n;
  for (const bit of exponent.toString(2)) {
    out = (out * out) % PRIME;
    if (bit === '1') out = (out * (base % PRIME)) % PRIME;
  }
  return out;
}

function number(bytes: Uint8Array): bigint {
  return bytes.reduce((sum, byte) => sum * 256n + BigInt(byte), 0n);
}

/** Big-endian, in as few bytes as it takes unless told otherwise. */
function octets(value: bigint, size = Math.ceil(value.toString(16).length / 2)): Octets {
  const out = new Uint8Array(size);
  let rest = value;
  for (let i = size - 1; i >= 0; i--, rest /= 256n) out[i] = Number(rest % 256n);
  return out;
}

/** Machin's formula, with digits to spare. */
function piTimesTwoTo(bits: bigint): bigint {
  const spare = 96n;
  const one = 2n ** (bits + spare);
  const arctanOfInverse = (x: bigint) => {
    let power = one / x;
    let sum = power;
    for (let k = 1n; power > 0n; k++) {
      power /= x * x;
      sum += (k % 2n === 1n ? -power : power) / (2n * k + 1n);
    }
    return sum;
  };
  return (16n * arctanOfInverse(5n) - 4n * arctanOfInverse(239n)) / 2n ** spare;
}
