import { readFile } from 'node:fs/promises';
import { listCsv } from '../../core/list-csv.ts';
import { rowsFromCsv } from '../lists/csv-rows.ts';
import { importRows } from '../lists/import-rows.ts';
import { type Command, UsageError } from './command.ts';

const TEXT = { type: 'string' } as const;

export const listImport: Command = {
  usage: 'list import FILE.csv --org ORG [--maker MAKER] [--by PERSON]',
  about: "adds a maker's list; good rows stand, each bad one is named with its line",
  options: { org: TEXT, maker: TEXT, by: TEXT },
  words: 1,
  async run({ installation, words, required, text, print }) {
    const org = await installation.stores.orgs.org(required('org'));
    if (org === undefined) {
      print('there is no such organisation');
      return 1;
    }
    const csv = await readFile(words[0] ?? '', 'utf8').catch(() => {
      throw new UsageError('the file cannot be read');
    });
    const { rows, faults } = await rowsFromCsv(csv, text('maker'), installation.crypto);
    const by = `command line (${text('by') ?? 'nobody named'})`;
    const result = await importRows(
      rows.map(({ row }) => row),
      org,
      by,
      installation,
    );
    const late = result.errors.map(({ row, code, detail }) => ({
      line: rows[row - 1]?.line ?? 0,
      code,
      detail,
    }));
    for (const { line, code, detail } of [...faults, ...late].sort((a, b) => a.line - b.line))
      print(`line ${line}: ${code}: ${detail}`);
    const errors = faults.length + late.length;
    print(`${result.imported} imported, ${result.unchanged} unchanged, ${errors} with errors`);
    return errors === 0 ? 0 : 1;
  },
};

export const listExport: Command = {
  usage: 'list export --org ORG',
  about: "an organisation's list as CSV",
  options: { org: TEXT },
  words: 0,
  async run({ installation, required, print }) {
    const kept = await installation.stores.list.ofOrg(required('org'), 1_000_000);
    print(listCsv(kept.map(({ row }) => row)).trimEnd());
    return 0;
  },
};
