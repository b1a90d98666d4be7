import { execFileSync } from 'node:child_process';

export interface CryptoRates {
  readonly signsPerSecond: number;
  readonly verifiesPerSecond: number;
}

/** What one core of this machine does of P-256 now, by OpenSSL's own measurement. */
export function cryptoRates(): CryptoRates {
  const out = execFileSync('openssl', ['speed', '-seconds', '2', 'ecdsap256'], {
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  // "256 bits ecdsa (nistp256)   0.0000s   0.0001s  46523.5  15320.4": seconds each, then how many a second.
  const numbers = /^\s*256 bits ecdsa.*?s\s+[\d.]+s\s+([\d.]+)\s+([\d.]+)/m.exec(out);
  const [signs, verifies] = [Number(numbers?.[1]), Number(numbers?.[2])];
  if (!(signs > 0 && verifies > 0)) throw new Error('openssl speed said something else than expected');
  return { signsPerSecond: signs, verifiesPerSecond: verifies };
}
