import { type FileHandle, open, readFile, stat } from 'node:fs/promises';
import { listHeader, listLine } from '../../../core/list-csv.ts';
import { isMakerName } from '../../../core/udid.ts';
import { handOn } from '../../organisations/lists/hand-on.ts';
import { importFile } from '../../organisations/lists/import-file.ts';
import { fits, pages, type RowFilter } from '../../organisations/lists/list-pages.ts';
import { LARGEST_SIGNATURE } from '../../organisations/lists/signed-file.ts';
import { staleRows } from '../../organisations/lists/stale-rows.ts';
import type { Org } from '../../ports/orgs.ts';
import { noteExport } from './audit-commands.ts';
import { type Command, type CommandCall, UsageError } from './command.ts';
import { actorFor, WHO } from './named-person.ts';

const TEXT = { type: 'string' } as const;
const FLAG = { type: 'boolean' } as const;
const FILTER = { maker: TEXT, model: TEXT, order: TEXT, anchor: TEXT } as const;
/** Most invalid rows that are shown on the screen; the file of --rejected has all of them. */
const MOST_NAMED = 100;
/** Rows between two lines of progress. */
const PROGRESS = 5000;

export const listImport: Command = {
  usage:
    'list import FILE --org ORG [--maker MAKER] [--by PERSON] [--signature FILE] [--rejected FILE] [--preview]',
  about:
    "adds a maker's list, CSV or JSON; good rows stand, each bad one is named; run again, it goes on where it was",
  options: { org: TEXT, maker: TEXT, by: TEXT, signature: TEXT, rejected: TEXT, preview: FLAG },
  words: 1,
  async run(call) {
    const { installation, words, text, flag, print } = call;
    const org = await orgOf(call);
    const by = await actor(call, org);
    const maker = text('maker');
    if (maker !== undefined && !isMakerName(maker)) throw new UsageError('--maker is no maker’s name');
    const signature = await readSignature(text('signature'));
    const file = await openFile(words[0] ?? '');
    let named = 0;
    let told = 0;
    let rekeyed = 0;
    try {
      const result = await importFile(
        {
          ...{ file, org, maker, signature, preview: flag('preview'), rejected: text('rejected') },
          by,
          onProgress(job, size) {
            const rows = job.imported + job.unchanged + job.faults;
            if (rows === told || (rows - told < PROGRESS && job.offset < size)) return;
            told = rows;
            process.stderr.write(`${rows} rows, ${percent(job.offset, size)}\n`);
          },
          onFault(line, { code, detail }) {
            if (named++ < MOST_NAMED) print(`line ${line}: ${code}: ${detail}`);
          },
          onRekeyed(line, { maker: by, udid }, bound) {
            const then = bound ? ', and the device is bound with the one before' : '';
            if (rekeyed++ < MOST_NAMED)
              print(`line ${line}: changed: ${by}/${udid} has another key now${then}`);
          },
        },
        installation,
      );
      if (named > MOST_NAMED) print(`and ${named - MOST_NAMED} more`);
      if (!result.ok) {
        const { code, detail } = result.fault;
        print(result.line === 0 ? `${code}: ${detail}` : `line ${result.line}: ${code}: ${detail}`);
        print('nothing further was taken');
        return 1;
      }
      const { job, resumedAt, format } = result;
      if (resumedAt > 0) print(`went on after ${resumedAt} rows`);
      const done = flag('preview') ? 'would be imported' : 'imported';
      const changed = rekeyed === 0 ? '' : `; ${rekeyed} with another key than before`;
      print(
        `${format}: ${job.imported} ${done}, ${job.unchanged} unchanged, ${job.faults} with errors${changed}`,
      );
      return job.faults === 0 ? 0 : 1;
    } finally {
      await file.close();
    }
  },
};

export const listExport: Command = {
  usage: 'list export --org ORG [--maker MAKER] [--model MODEL] [--order ORDER] [--anchor ANCHOR]',
  about: "an organisation's list as CSV, or the rows of it that are meant",
  options: { org: TEXT, ...FILTER },
  words: 0,
  async run(call) {
    const { installation, give } = call;
    const { name } = await orgOf(call);
    const filter = filterOf(call);
    give(listHeader(true).trimEnd());
    const { listBulk } = installation.stores;
    let count = 0;
    for await (const page of pages((after, limit) => listBulk.page(name, after, limit))) {
      const rows = page.filter(({ row }) => fits(row, filter));
      if (rows.length > 0) give(rows.map(({ row }) => listLine(row, true).trimEnd()).join('\n'));
      count += rows.length;
    }
    await noteExport(installation, 'list exported', name, `${count} rows`);
    return 0;
  },
};

export const listHandOn: Command = {
  usage:
    'list hand-on --org ORG --to-maker MAKER --by PERSON [--maker MAKER] [--model MODEL] [--order ORDER] [--anchor ANCHOR]',
  about: 'the next maker’s list as CSV: the rows that are meant, each derived from what it was',
  options: { org: TEXT, 'to-maker': TEXT, by: TEXT, ...FILTER },
  words: 0,
  async run(call) {
    const { installation, required, give } = call;
    const owner = await orgOf(call);
    const org = owner.name;
    const to = required('to-maker');
    if (!isMakerName(to)) throw new UsageError('--to-maker is no maker’s name');
    required('by');
    const by = await actor(call, owner);
    give(listHeader(true).trimEnd());
    const giveRows = (rows: Parameters<typeof listLine>[0][]) => {
      if (rows.length > 0) give(rows.map((row) => listLine(row, true).trimEnd()).join('\n'));
    };
    const count = await handOn(
      { org, to, filter: filterOf(call), by, give: (rows) => giveRows([...rows]) },
      installation,
    );
    process.stderr.write(`${count} rows handed on to ${to}\n`);
    return count > 0 ? 0 : 1;
  },
};

export const listStale: Command = {
  usage: 'list stale --org ORG --older-than DAYS [--hold --by PERSON]',
  about: 'rows that were never bound since; held, a person must look before one of them binds',
  options: { org: TEXT, 'older-than': TEXT, hold: FLAG, by: TEXT },
  words: 0,
  async run(call) {
    const { installation, required, flag, print } = call;
    const owner = await orgOf(call);
    const org = owner.name;
    const days = Number(required('older-than'));
    if (!Number.isInteger(days) || days < 0) throw new UsageError('--older-than is a number of days');
    if (flag('hold')) required('by');
    const by = await actor(call, owner);
    const count = await staleRows(
      {
        ...{ org, days, hold: flag('hold'), by },
        tell(rows) {
          for (const { row, importedAt } of rows)
            print(
              `${importedAt.slice(0, 10)}  ${row.maker}/${row.udid}${row.stale === true ? '  held' : ''}`,
            );
        },
      },
      installation,
    );
    print(`${count} rows${flag('hold') ? ', held' : ''}`);
    return 0;
  },
};

async function orgOf({ installation, required }: CommandCall): Promise<Org> {
  const org = await installation.stores.orgs.org(required('org'));
  if (org === undefined) throw new UsageError('there is no such organisation');
  return org;
}

function actor(call: CommandCall, { name, training }: Org): Promise<string> {
  return actorFor(call, [name], training ? WHO.practice : WHO.desk);
}

function filterOf({ text }: Pick<CommandCall, 'text'>): RowFilter {
  return { maker: text('maker'), model: text('model'), order: text('order'), anchor: text('anchor') };
}

function percent(offset: number, size: number): string {
  return `${size === 0 ? 100 : Math.floor((100 * offset) / size)} %`;
}

async function openFile(path: string): Promise<FileHandle> {
  return open(path, 'r').catch(() => {
    throw new UsageError('the file cannot be read');
  });
}

async function readSignature(path: string | undefined): Promise<Uint8Array | undefined> {
  if (path === undefined) return undefined;
  const size = await stat(path).then(
    (found) => found.size,
    () => Number.POSITIVE_INFINITY,
  );
  if (size > LARGEST_SIGNATURE) throw new UsageError('--signature is no file of a signature');
  return readFile(path);
}
