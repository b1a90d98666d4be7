import { existsSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { toInstant } from '../../../core/instant.ts';
import { copyDatabase, isEmptyDatabase, markInPlace, noteIn } from '../../store/copy.ts';
import { commandLine } from '../../trail/actors.ts';
import { STEPS } from '../../trail/steps.ts';
import { type BareCall, type BareCommand, UsageError } from './command.ts';

const TEXT = { type: 'string' } as const;

/** A folder that contains an embedded database. */
function existing(folder: string): string {
  if (!existsSync(join(folder, 'fieldbind.sqlite')))
    throw new UsageError(`there is no database in ${folder}`);
  return folder;
}

/** Where this installation's database is now. */
function own({ config }: BareCall): string {
  return config.databaseUrl ?? config.data;
}

/** `begun`: what the trail of the source says before it is copied, so that the copy says it too. */
async function copy(
  from: string,
  to: string,
  { print }: BareCall,
  begun: 'backup begun' | 'move begun' | 'put back',
): Promise<number> {
  const isPutBack = begun === 'put back';
  if (!isPutBack && (await isEmptyDatabase(to))) await noteIn(from, entry(begun));
  const copied = await copyDatabase(from, to, isPutBack ? 'put back' : 'copy');
  if (copied === undefined) {
    print('the target is not empty; nothing was copied');
    return 1;
  }
  const words = `${copied.rows} rows of ${copied.tables} tables`;
  print(`${words} copied`);
  return 0;
}

function entry(event: string): Parameters<typeof noteIn>[1] {
  const at = toInstant(Date.now());
  return { at, step: STEPS.admin, event, actor: commandLine(), org: null, subject: 'database' };
}

export const backup: BareCommand = {
  bare: true,
  usage: 'backup --to FOLDER',
  about:
    'copies the database, of either engine, into a new folder, beside a running server; keys are not copied',
  options: { to: TEXT },
  words: 0,
  async run(call) {
    const code = await copy(own(call), resolve(call.required('to')), call, 'backup begun');
    if (code === 0) call.print(`keys are not in it: keep a copy of ${join(call.config.data, 'keys')} apart`);
    return code;
  },
};

export const restore: BareCommand = {
  bare: true,
  usage: 'restore --from FOLDER',
  about: 'copies a backup into this installation, whose database must be empty, and begins a new era with it',
  options: { from: TEXT },
  words: 0,
  async run(call) {
    const code = await copy(existing(resolve(call.required('from'))), own(call), call, 'put back');
    return code === 0 ? beginEra(call) : code;
  },
};

export const restoreInPlace: BareCommand = {
  bare: true,
  usage: 'restore in-place',
  about:
    'says that other tools put this database back to an older copy, and begins a new era with it. Stop the servers first',
  options: {},
  words: 0,
  async run(call) {
    await markInPlace(own(call));
    return beginEra(call);
  },
};

/** Opening the installation begins the era. Killed before it, whoever opens it next does. */
function beginEra(call: BareCall): Promise<number> {
  return call.withInstallation(async ({ stores }) => {
    const era = await stores.eras.current();
    call.print(`a new era has begun; the copy knows nothing after ${era?.copyAt}`);
    call.print(
      'phones send by themselves what it lacks; nobody it brought back may decide or enrol until confirmed:',
    );
    call.print('fieldbind operator confirm --all --by PERSON, then fieldbind restore report');
    return 0;
  });
}

export const move: BareCommand = {
  bare: true,
  usage: 'move --to ADDRESS',
  about: 'copies the database to another engine: a PostgreSQL address, or a folder. Stop the servers first',
  options: { to: TEXT },
  words: 0,
  async run(call) {
    const target = call.required('to');
    const isPostgres = /^postgres(ql)?:/.test(target);
    const code = await copy(own(call), isPostgres ? target : resolve(target), call, 'move begun');
    if (code === 0)
      call.print(
        isPostgres ? 'start with FIELDBIND_DATABASE_URL set to it' : 'start with FIELDBIND_DATA set to it',
      );
    return code;
  },
};
