import { readFileSync } from 'node:fs';
import { ConfigError } from '../config/config-error.ts';
import type { CertificateSource, SourceParts } from './certificate-source.ts';
import { judgePair, namedOnTrail, PAIR_WORDS, type PairFault, type ServerPair } from './server-pair.ts';

export interface GivenFiles {
  readonly certificateFile: string;
  readonly keyFile: string;
  /** The name that clients ask for; undefined: whatever the certificate names. */
  readonly host: string | undefined;
}

/**
 * Certificate and key in files that somebody else keeps up, and which are read again when they change. What cannot be served is
 * said once, and the pair before it stays in use. Throws ConfigError if there is none to begin with.
 */
export function givenFiles(files: GivenFiles, { clock, say, note }: SourceParts): CertificateSource {
  const { certificateFile, keyFile, host } = files;
  const where = `${certificateFile} and ${keyFile}`;
  let onNewest = (): void => undefined;
  let current = readFirst(files, clock.now());
  const fault = judgePair(current, { host, now: clock.now() });
  // A certificate that clients refuse is served all the same: without any, nobody could even see what is wrong.
  if (fault !== undefined) say(`${where}: ${PAIR_WORDS[fault]}`);
  let judged = textOf(current);
  /** As the last look found it: whoever writes two files one after another is not disturbed between them. */
  let seen = judged;

  async function judge(found: ServerPair | undefined): Promise<void> {
    const wrong: PairFault | undefined =
      found === undefined ? 'unreadable' : judgePair(found, { host, now: clock.now() });
    if (found !== undefined && wrong === undefined) {
      current = found;
      onNewest();
      say(`the certificate in ${certificateFile} is in use from now on`);
      await note('own certificate taken from files', namedOnTrail(found.chain));
      return;
    }
    const why = wrong ?? 'unreadable';
    say(`${where} have changed, and are not taken: ${PAIR_WORDS[why]}. The certificate before stays in use`);
    await note('own certificate not taken from files', why);
  }

  return {
    current: () => current,
    onNewest(listener) {
      onNewest = listener;
    },
    challenge: () => undefined,
    async look() {
      const found = readPair(files);
      const text = textOf(found);
      const isSettled = text === seen;
      seen = text;
      if (!isSettled || text === judged || clock.doubt() !== undefined) return;
      judged = text;
      await judge(found);
    },
    async close() {},
  };
}

function readFirst(files: GivenFiles, now: number): ServerPair {
  const pair = readPair(files);
  const { certificateFile, keyFile } = files;
  if (pair === undefined)
    throw new ConfigError(`certificate and key cannot be read from ${certificateFile} and ${keyFile}`);
  const fault = judgePair(pair, { host: undefined, now });
  if (fault === 'unreadable' || fault === 'key_differs')
    throw new ConfigError(`${certificateFile} and ${keyFile} cannot be served: ${PAIR_WORDS[fault]}`);
  return pair;
}

function readPair({ certificateFile, keyFile }: GivenFiles): ServerPair | undefined {
  try {
    return { chain: readFileSync(certificateFile, 'latin1'), key: readFileSync(keyFile, 'latin1') };
  } catch {
    return undefined;
  }
}

function textOf(pair: ServerPair | undefined): string | undefined {
  return pair && `${pair.chain}\0${pair.key}`;
}
