/** An IMEI of Nordic's own block with these bytes for a serial, and its check digit (3GPP TS 23.003 section 6.2.1). */
export function imeiFrom(bytes: Uint8Array): string {
  const serial = [...bytes.subarray(0, 6)].map((byte) => byte % 10).join('');
  const body = `35265610${serial}`;
  const sum = [...body].reduce((all, digit, i) => {
    const value = Number(digit) * (i % 2 === 1 ? 2 : 1);
    return all + (value > 9 ? value - 9 : value);
  }, 0);
  return `${body}${(10 - (sum % 10)) % 10}`;
}

export function randomImeiUdid(): string {
  return `imei-${imeiFrom(crypto.getRandomValues(new Uint8Array(6)))}`;
}
