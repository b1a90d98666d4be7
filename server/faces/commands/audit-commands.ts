import { createWriteStream } from 'node:fs';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { toInstant } from '../../../core/instant.ts';
import { isMakerName, isUdid } from '../../../core/udid.ts';
import { commandLine } from '../../trail/actors.ts';
import { audit } from '../../trail/chain.ts';
import { extractLines, type Scope } from '../../trail/extract-lines.ts';
import { fileLines } from '../../trail/file-lines.ts';
import { judgeStatement, type StatementWorth } from '../../trail/judge-statement.ts';
import { trailLines } from '../../trail/lines.ts';
import { STEPS } from '../../trail/steps.ts';
import { type ExtractVerdict, verifyExtract } from '../../trail/verify-extract.ts';
import { type TrailVerdict, verifyAudit, verifyTrail } from '../../trail/verify-trail.ts';
import { nodeCrypto } from '../../x509/node-crypto.ts';
import type { CommandFace } from '../face.ts';
import { type BareCommand, type Command, type CommandCall, EXIT, UsageError } from './command.ts';
import { readText } from './text-files.ts';

const TEXT = { type: 'string' } as const;

export const auditVerify: BareCommand = {
  bare: true,
  usage: 'audit verify [FILE] [--key KID] [--statement FILE]',
  about:
    'walks the audit trail, or an exported one with nothing else at hand; says the first fault, and what a statement is worth',
  options: { key: TEXT, statement: TEXT },
  words: 0,
  optional: 1,
  async run({ withInstallation, words, text, print }) {
    const [file] = words;
    const statement = text('statement');
    if (statement !== undefined && file === undefined)
      throw new UsageError(
        '--statement is judged by an exported trail: name its file (audit export --to FILE)',
      );
    const judged =
      statement !== undefined && file !== undefined
        ? await judgeStatement(readText(statement).trim(), readable(file), nodeCrypto)
        : undefined;
    const verdict =
      judged?.trail ??
      (file === undefined ? await withInstallation(verifyAudit) : await verifyLines(readable(file)));
    const key = text('key');
    for (const line of sentences(verdict)) print(line);
    if (!verdict.ok) return EXIT.no;
    if (judged?.statement !== undefined) {
      print(worthOf(judged.statement));
      if (judged.statement.worth === 'ended' || judged.statement.worth === 'not_ours') return EXIT.no;
    }
    if (key !== undefined && key !== verdict.key) {
      print('the first statement key is another one: this is not the trail of that installation');
      return EXIT.no;
    }
    // What was asked of a statement is answered; without a seal nothing of the trail is signed, and entries could be missing.
    if (judged?.statement !== undefined) return EXIT.yes;
    return verdict.seal === undefined ? EXIT.undecided : EXIT.yes;
  },
};

function worthOf(statement: StatementWorth): string {
  switch (statement.worth) {
    case 'counts':
      return 'the statement is signed by a statement key that has not ended';
    case 'sealed': {
      const { entry, seal } = statement;
      return `the key of the statement has ended, and entry ${entry.n} of chain ${entry.writer}, of ${entry.at}, says the same under seal ${seal}, from before the end: it counts`;
    }
    case 'ended':
      return 'the key of the statement has ended, and the trail has it nowhere before the end: it does not count';
    case 'not_ours':
      return 'the statement is not signed by a statement key of this trail';
  }
}

/** A whole trail, or an extract of one: the first line says which. */
async function verifyLines(lines: AsyncGenerator<string>): Promise<TrailVerdict | ExtractVerdict> {
  const first = await lines.next();
  async function* all(): AsyncGenerator<string> {
    if (first.done !== true) yield first.value;
    yield* lines;
  }
  const isExtract = first.done !== true && first.value.startsWith('{"extract":');
  return isExtract ? verifyExtract(all(), nodeCrypto) : verifyTrail(all(), nodeCrypto);
}

async function* readable(file: string): AsyncGenerator<string> {
  try {
    yield* fileLines(file);
  } catch {
    throw new UsageError(`${file} cannot be read`);
  }
}

function sentences(verdict: TrailVerdict | ExtractVerdict): string[] {
  if (!verdict.ok) return [`${verdict.where}: ${verdict.why}`];
  if ('scope' in verdict) return extractSentences(verdict);
  const { entries, writers, seals, unsealed, seal, key } = verdict;
  return [
    `${entries} entries of ${writers} chains, all in place`,
    seal === undefined
      ? 'nothing is sealed yet'
      : `${seals} seals; the newest is ${seal}, and ${unsealed} entries came after what is sealed`,
    ...(key === undefined ? [] : [`first statement key ${key}`]),
  ];
}

function extractSentences({ scope, ...said }: Extract<ExtractVerdict, { ok: true }>): string[] {
  const { org, device } = scope;
  const of = [...(device === null ? [] : [`${device.maker} ${device.udid}`]), ...(org === null ? [] : [org])];
  return [
    `${said.entries} entries about ${of.join(' in ')}, each in its place on the trail, with ${said.hidden} between them that are not shown`,
    `the installation signed that these are all up to seal ${said.seal}, at ${said.at}`,
    ...(said.loose === 0
      ? []
      : [
          `${said.loose} of them are from an older version: that they are on the trail is the installation’s word alone`,
        ]),
    ...(said.key === undefined ? [] : [`first statement key ${said.key}`]),
  ];
}

/** What leaves this installation is on its trail. */
export async function noteExport(
  { transact, clock }: CommandFace,
  event: string,
  org: string | null,
  detail: string,
  subject = org ?? 'installation',
): Promise<void> {
  const entry = { at: toInstant(clock.now()), step: STEPS.admin, event, actor: commandLine(), org };
  await transact((tx) => audit(tx.audit, { ...entry, subject, detail }));
}

export const auditExport: Command = {
  usage: 'audit export --to FILE [--org ORG] [--device UDID --maker MAKER]',
  about:
    'writes the whole audit trail with its seals and the keys to check them, or an extract of one organisation or device',
  options: { to: TEXT, org: TEXT, device: TEXT, maker: TEXT },
  words: 0,
  async run(call) {
    const { installation, required, print } = call;
    const file = required('to');
    const scope = await scopeOf(call);
    let lines = 0;
    let entries = 0;
    async function* counted() {
      const all = scope === undefined ? trailLines(installation) : extractLines(scope, installation);
      for (let next = await all.next(); ; next = await all.next()) {
        if (next.done === true) {
          entries = next.value ?? 0;
          return;
        }
        lines++;
        yield `${next.value}\n`;
      }
    }
    try {
      await pipeline(Readable.from(counted()), createWriteStream(file, { flags: 'wx', mode: 0o600 }));
    } catch (error) {
      if (error instanceof Error && 'code' in error && error.code === 'EEXIST')
        throw new UsageError(`${file} is there already`);
      throw error;
    }
    if (scope === undefined) await noteExport(installation, 'trail exported', null, `${lines} lines`);
    else {
      const { maker = '', udid = '' } = scope.device ?? {};
      const subject = scope.device === null ? undefined : `${maker} ${udid}`;
      await noteExport(
        installation,
        'extract of the trail exported',
        scope.org,
        `${entries} entries`,
        subject,
      );
      print(`${entries} entries of the trail are within it`);
    }
    print(`${lines} lines written; check them with: npm run fieldbind -- audit verify ${file}`);
    return 0;
  },
};

/** What an extract is of; undefined if the whole trail is meant. */
async function scopeOf({ installation, text, required }: CommandCall): Promise<Scope | undefined> {
  const [org = null, udid] = [text('org'), text('device')];
  if (org !== null && (await installation.stores.orgs.org(org)) === undefined)
    throw new UsageError('there is no such organisation');
  if (udid === undefined) return org === null ? undefined : { org, device: null, subjects: [] };
  const maker = required('maker');
  if (!isUdid(udid) || !isMakerName(maker))
    throw new UsageError('--device is no UDID, or --maker no maker’s name');
  const records = await installation.stores.audit.recordsOf(udid);
  return { org, device: { maker, udid }, subjects: [udid, `${maker} ${udid}`, ...records] };
}
