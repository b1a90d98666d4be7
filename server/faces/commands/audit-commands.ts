import { createWriteStream } from 'node:fs';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { toInstant } from '../../../core/instant.ts';
import { commandLine } from '../../trail/actors.ts';
import { audit } from '../../trail/chain.ts';
import { fileLines } from '../../trail/file-lines.ts';
import { trailLines } from '../../trail/lines.ts';
import { STEPS } from '../../trail/steps.ts';
import { type TrailVerdict, verifyAudit, verifyTrail } from '../../trail/verify-trail.ts';
import { nodeCrypto } from '../../x509/node-crypto.ts';
import type { CommandFace } from '../face.ts';
import { type BareCommand, type Command, EXIT, UsageError } from './command.ts';

const TEXT = { type: 'string' } as const;

export const auditVerify: BareCommand = {
  bare: true,
  usage: 'audit verify [FILE] [--key KID]',
  about: 'walks the audit trail, or an exported one with nothing else at hand; says the first fault',
  options: { key: TEXT },
  words: 0,
  optional: 1,
  async run({ withInstallation, words, text, print }) {
    const [file] = words;
    const verdict =
      file === undefined
        ? await withInstallation(verifyAudit)
        : await verifyTrail(readable(file), nodeCrypto);
    const key = text('key');
    for (const line of sentences(verdict)) print(line);
    if (!verdict.ok) return EXIT.no;
    if (key !== undefined && key !== verdict.key) {
      print('the first statement key is another one: this is not the trail of that installation');
      return EXIT.no;
    }
    // Without a seal nothing is signed, and any number of entries could be missing.
    return verdict.seal === undefined ? EXIT.undecided : EXIT.yes;
  },
};

async function* readable(file: string): AsyncGenerator<string> {
  try {
    yield* fileLines(file);
  } catch {
    throw new UsageError(`${file} cannot be read`);
  }
}

function sentences(verdict: TrailVerdict): string[] {
  if (!verdict.ok) return [`${verdict.where}: ${verdict.why}`];
  const { entries, writers, seals, unsealed, seal, key } = verdict;
  return [
    `${entries} entries of ${writers} chains, all in place`,
    seal === undefined
      ? 'nothing is sealed yet'
      : `${seals} seals; the newest is ${seal}, and ${unsealed} entries came after what is sealed`,
    ...(key === undefined ? [] : [`first statement key ${key}`]),
  ];
}

/** What leaves this installation is on its trail. */
export async function noteExport(
  { transact, clock }: CommandFace,
  event: string,
  org: string | null,
  detail: string,
): Promise<void> {
  const entry = { at: toInstant(clock.now()), step: STEPS.admin, event, actor: commandLine(), org };
  await transact((tx) => audit(tx.audit, { ...entry, subject: org ?? 'installation', detail }));
}

export const auditExport: Command = {
  usage: 'audit export --to FILE',
  about: 'writes the whole audit trail with its seals and the keys to check them, for audit verify',
  options: { to: TEXT },
  words: 0,
  async run({ installation, required, print }) {
    const file = required('to');
    let lines = 0;
    async function* counted() {
      for await (const line of trailLines(installation)) {
        lines++;
        yield `${line}\n`;
      }
    }
    try {
      await pipeline(Readable.from(counted()), createWriteStream(file, { flags: 'wx', mode: 0o600 }));
    } catch (error) {
      if (error instanceof Error && 'code' in error && error.code === 'EEXIST')
        throw new UsageError(`${file} is there already`);
      throw error;
    }
    await noteExport(installation, 'trail exported', null, `${lines} lines`);
    print(`${lines} lines written; check them with: npm run fieldbind -- audit verify ${file}`);
    return 0;
  },
};
