// Answers that say another length than they have, everything else about them right.

/** One more at this place. */
export const oneMoreAt = (at: number) => (chunk: Uint8Array) =>
  chunk.length > at ? chunk.with(at, ((chunk[at] ?? 0) + 1) & 0xff) : chunk;
/** An SMP header that claims a byte more than there is. */
export const longSmp = (chunk: Uint8Array) => (chunk.length < 8 ? chunk : oneMoreAt(3)(chunk));
/** A console frame that does, its CRC right for what there is. */
export const longFrame = (chunk: Uint8Array) => {
  const isWhole = chunk[0] === 0x06 && chunk[1] === 0x09 && chunk.at(-1) === 0x0a;
  if (!isWhole) return chunk;
  const packet = new Uint8Array(Buffer.from(Buffer.from(chunk.subarray(2, -1)).toString('latin1'), 'base64'));
  const text = Buffer.from(oneMoreAt(1)(packet)).toString('base64');
  return new Uint8Array(Buffer.concat([chunk.subarray(0, 2), Buffer.from(text), chunk.subarray(-1)]));
};
/** Improv's result says its texts are longer than they are. The sum of what stands from `from` on is right again. */
export const longResult = (at: number, from: number, behind: number) => (chunk: Uint8Array) => {
  if (chunk.length <= at) return chunk;
  const end = chunk.length - behind;
  const told = oneMoreAt(at)(chunk);
  return told.with(
    end,
    told.subarray(from, end).reduce((sum, byte) => (sum + byte) & 0xff, 0),
  );
};
/** A handshake's protobuf, of whose field of bytes, which one number may precede, the length is more than there is. */
export const longHandshake = (chunk: Uint8Array) => {
  const at = chunk[0] === 0x10 ? 3 : 1;
  return chunk.with((chunk[at] ?? 0) < 0x80 ? at : at + 1, 0x7f);
};
/**
 * The same of an answer within the session, its `msg` before it. Security 1 is a stream cipher, in which a bit stays where it
 * is; security 2 refuses every changed bit.
 */
export const longAnswer = (chunk: Uint8Array) => chunk.with(3, (chunk[3] ?? 0) ^ 0x40);
export const inText = (from: RegExp, to: string) => (chunk: Uint8Array) =>
  new Uint8Array(Buffer.from(Buffer.from(chunk).toString('latin1').replace(from, to), 'latin1'));
