import type { DatabaseIdentity } from '../ports/identity.ts';
import { ConfigError } from './config-error.ts';
import type { InstallationMark } from './installation-mark.ts';

/** What lies where an installation is to be opened. */
export interface Belongings {
  /** Names of the keys that are there. */
  readonly keys: readonly string[];
  readonly mark: InstallationMark | undefined;
  /** Undefined if nothing was ever begun in the database, or there is none. */
  readonly database: DatabaseIdentity | undefined;
  /** The database is a file that has pages but no tables, nor the log in which they would stand. */
  readonly hollow: boolean;
  /** Kid of the key here that should be the newest statement key of the database. */
  readonly statementKid: string | undefined;
}

/** Why an installation is not opened. Closed: each code has its sentence below. */
export type WrongBeginning =
  | 'nothing_begun'
  | 'database_missing'
  | 'database_hollow'
  | 'keys_missing'
  | 'keys_of_another'
  | 'database_behind';

/** The key that an installation makes before all others. */
export const FIRST_KEY = 'statement-1';

/**
 * Whether keys and database are one installation. `mayBegin`: whoever opens it may begin a new one, where there is neither.
 * An installation is begun where nothing is, and never in what another one left: it would sign an empty list of revoked
 * certificates by the other's keys.
 */
export function judgeBeginning(found: Belongings, mayBegin: boolean): WrongBeginning | undefined {
  const { keys, mark, database, hollow, statementKid } = found;
  if (database === undefined) {
    if (keys.length > 0 || mark !== undefined) return 'database_missing';
    if (hollow) return 'database_hollow';
    return mayBegin ? undefined : 'nothing_begun';
  }
  if (mark !== undefined && mark.aud !== database.aud) return 'keys_of_another';
  if (database.kids.length === 0) {
    // A first start that was cut off: its first key may be there already, and no other can be.
    return mark === undefined && keys.every((name) => name === FIRST_KEY) ? undefined : 'database_behind';
  }
  if (statementKid === undefined) return 'keys_missing';
  if (statementKid !== database.kids.at(-1)) return 'keys_of_another';
  // Whoever put a copy back was killed before the keys were told.
  if (database.isPutBack) return undefined;
  if (mark !== undefined && (mark.starts > database.starts || mark.seal > database.seal))
    return 'database_behind';
  return undefined;
}

/** Where things are, in words that hold no password. */
export interface Whereabouts {
  readonly data: string;
  readonly keys: string;
  readonly database: string;
}

const ANEW =
  'To begin anew on purpose, `npm run fieldbind -- begin --anew` sets aside what is there, or name an empty folder with FIELDBIND_DATA';

export function beginningError(code: WrongBeginning, where: Whereabouts): ConfigError {
  return new ConfigError(sentence(code, where));
}

function sentence(code: WrongBeginning, { data, keys, database }: Whereabouts): string {
  switch (code) {
    case 'nothing_begun':
      return `there is no installation in ${data}: name its folder with FIELDBIND_DATA, put a backup there with \`restore\`, or begin one with \`npm start\``;
    case 'database_missing':
      return `${keys} holds the keys of an installation, and its database is not there (${database}): name the right one with FIELDBIND_DATA or FIELDBIND_DATABASE_URL, or put a backup there with \`npm run fieldbind -- restore --from FOLDER\`. ${ANEW}`;
    case 'database_hollow':
      return `the database is a file without tables (${database}): copied without its log, the file ending in -wal beside it. Copy both, or put a backup there with \`npm run fieldbind -- restore --from FOLDER\`; copies are made with \`backup\`. ${ANEW}`;
    case 'keys_missing':
      return `the key by which this database (${database}) knows its installation is missing: its keys are not in ${keys}. Put them back, name the token that holds them, or name the right folder with FIELDBIND_DATA. ${ANEW}`;
    case 'keys_of_another':
      return `the database (${database}) is of another installation than the keys in ${keys}: name the right one with FIELDBIND_DATA or FIELDBIND_DATABASE_URL, put the right keys there, or the right backup with \`npm run fieldbind -- restore --from FOLDER\`. ${ANEW}`;
    case 'database_behind':
      return `the database (${database}) is older than what these keys have signed: rows are missing. A SQLite file must be copied together with its log (-wal), and after \`move\` the new address is used. Put the newest one there, or a backup with \`npm run fieldbind -- restore --from FOLDER\`; if there is no newer one, take it as it is with \`npm run fieldbind -- restore --in-place\``;
  }
}
