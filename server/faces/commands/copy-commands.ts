import { existsSync, mkdirSync, readdirSync, renameSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { toInstant } from '../../../core/instant.ts';
import { ConfigError } from '../../config/config.ts';
import { type MarkFile, markFile } from '../../config/installation-mark.ts';
import type { DatabaseIdentity } from '../../ports/identity.ts';
import {
  type CopyResult,
  copyDatabase,
  identityAt,
  isEmptyDatabase,
  markInPlace,
  noteIn,
} from '../../store/copy.ts';
import { ownerLock } from '../../store/owner-lock.ts';
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

function ownMark({ config }: BareCall): MarkFile {
  return markFile(config.data, config.pkcs11 !== undefined);
}

/** Does something to a data folder while no server works with it. Throws ConfigError if one does. */
async function alone<T>({ config }: BareCall, work: () => Promise<T>): Promise<T> {
  const lock = ownerLock(config.data, 'alone');
  if (lock === undefined)
    throw new ConfigError(
      `a server works with ${config.data}, or another command replaces its database: stop it first. Nothing was done`,
    );
  try {
    return await work();
  } finally {
    lock.release();
  }
}

/** `begun`: what the trail of the source says before it is copied, so that the copy says it too. */
async function copy(
  from: string,
  to: string,
  { print }: BareCall,
  begun: 'backup begun' | 'move begun' | 'put back',
): Promise<CopyResult | undefined> {
  const isPutBack = begun === 'put back';
  if (!isPutBack && (await isEmptyDatabase(to))) await noteIn(from, entry(begun));
  const copied = await copyDatabase(from, to, isPutBack ? 'put back' : 'copy');
  print(
    copied === undefined
      ? 'the target is not empty; nothing was copied'
      : `${copied.rows} rows of ${copied.tables} tables copied`,
  );
  return copied;
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
    const source = own(call);
    if (call.config.databaseUrl === undefined) existing(source);
    const copied = await copy(source, resolve(call.required('to')), call, 'backup begun');
    if (copied === undefined) return 1;
    call.print(`keys are not in it: keep a copy of ${join(call.config.data, 'keys')} apart`);
    return 0;
  },
};

/** Tells the keys that this database is the one meant, however far an older one had come. */
function meant({ aud, starts, seal }: DatabaseIdentity, mark: MarkFile): void {
  if (!mark.write({ aud, starts, seal }))
    throw new ConfigError('the folder of the keys cannot be written to; give it to the user who runs this');
}

/** Throws ConfigError if the keys that are here belong to another installation than this database. */
function needSame(identity: DatabaseIdentity | undefined, mark: MarkFile): DatabaseIdentity {
  if (identity === undefined) throw new ConfigError('no installation was ever begun in that database');
  const known = mark.read()?.aud;
  if (known !== undefined && known !== identity.aud)
    throw new ConfigError(
      'that database is of another installation than the keys that are here: put its own keys here, or name another folder with FIELDBIND_DATA. Nothing was copied',
    );
  return identity;
}

export const restore: BareCommand = {
  bare: true,
  usage: 'restore [--from FOLDER] [--in-place]',
  about:
    'copies a backup into this installation, whose database must be empty and its server stopped, and begins a new era with it; --in-place: another tool has put the database back already',
  options: { from: TEXT, 'in-place': { type: 'boolean' } },
  words: 0,
  async run(call) {
    const mark = ownMark(call);
    if (call.flag('in-place')) {
      if (call.text('from') !== undefined) throw new UsageError('--from or --in-place, not both');
      if (call.config.databaseUrl === undefined) existing(own(call));
      await alone(call, async () => {
        const identity = needSame(await identityAt(own(call)), mark);
        // Before the keys are told: killed in between, whoever opens the database begins the era all the same.
        await markInPlace(own(call));
        meant(identity, mark);
      });
      return beginEra(call);
    }
    const from = existing(resolve(call.required('from')));
    const copied = await alone(call, async () => {
      needSame(await identityAt(from), mark);
      const copied = await copy(from, own(call), call, 'put back');
      if (copied?.identity !== undefined) meant(copied.identity, mark);
      return copied;
    });
    return copied?.identity === undefined ? 1 : beginEra(call);
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
    if (call.config.databaseUrl === undefined) existing(own(call));
    const copied = await alone(call, () =>
      copy(own(call), isPostgres ? target : resolve(target), call, 'move begun'),
    );
    if (copied === undefined) return 1;
    call.print(
      isPostgres ? 'start with FIELDBIND_DATABASE_URL set to it' : 'start with FIELDBIND_DATA set to it',
    );
    return 0;
  },
};

export const begin: BareCommand = {
  bare: true,
  usage: 'begin --anew',
  about:
    'sets aside the keys and the database file of this data folder, so that the next start of the server begins a new installation there',
  options: { anew: { type: 'boolean' } },
  words: 0,
  async run(call) {
    const { config, print } = call;
    if (!call.flag('anew'))
      throw new UsageError('--anew is missing: it sets aside the keys and the database that are here');
    if (config.pkcs11 !== undefined)
      throw new ConfigError('a token holds the keys of one installation: name another, empty one');
    if (config.databaseUrl !== undefined && (await identityAt(config.databaseUrl)) !== undefined)
      throw new ConfigError('FIELDBIND_DATABASE_URL names a database that is in use: name an empty one');
    return alone(call, async () => {
      const parts = readdirSync(config.data).filter(
        (name) => name === 'keys' || name.startsWith('fieldbind.sqlite'),
      );
      const aside = firstFree(join(config.data, 'aside'));
      mkdirSync(aside, { mode: 0o700 });
      for (const part of parts) renameSync(join(config.data, part), join(aside, part));
      print(
        `set aside in ${aside}: ${parts.join(', ') || 'nothing'}. The next start begins a new installation`,
      );
      return 0;
    });
  },
};

function firstFree(path: string): string {
  for (let n = 1; ; n++) if (!existsSync(`${path}-${n}`)) return `${path}-${n}`;
}
