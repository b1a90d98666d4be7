import { codeOf, type Outage, Unavailable } from '../ports/unavailable.ts';

/** SQLSTATEs (PostgreSQL, appendix A) of what is not the statement's own fault. Others of these classes go by CLASSES. */
const CODES: Readonly<Record<string, Outage>> = {
  '25006': 'database_read_only',
  '25P03': 'database_busy', // idle_in_transaction_session_timeout
  '25P04': 'database_busy', // transaction_timeout
  '55P03': 'database_busy', // lock_not_available
  '57014': 'database_busy', // query_canceled: by a time limit or an operator
  '53100': 'disk_full',
  XX001: 'database_damaged', // data_corrupted
  XX002: 'database_damaged', // index_corrupted
};
const CLASSES: Readonly<Record<string, Outage>> = {
  '08': 'database_away', // connection_exception
  '28': 'database_away', // invalid_authorization_specification: said to a new connection only
  '3D': 'database_away', // invalid_catalog_name, likewise
  '53': 'database_busy', // insufficient_resources
  '57': 'database_away', // operator_intervention: shutting down, starting up
  '58': 'disk_failing', // system_error, io_error
};
const SQLSTATE = /^[0-9A-Z]{5}$/;

function outageOf(error: unknown): Outage | undefined {
  if (error instanceof WaitedTooLong) return 'database_busy';
  const code = codeOf(error);
  // What has no SQLSTATE was not said by the server: its connection is broken, or never was.
  if (!SQLSTATE.test(code) || !hasSeverity(error)) return 'database_away';
  return CODES[code] ?? CLASSES[code.slice(0, 2)];
}

/** Whether the connection may be used after this error. In class 25 it is not in the state that we think it is in. */
export function isSound(error: unknown): boolean {
  const code = codeOf(error);
  return hasSeverity(error) && SQLSTATE.test(code) && !/^(?:08|25|57P|58|XX)/.test(code);
}

/** What another connection may do at once. */
const OF_ONE_CONNECTION: readonly Outage[] = ['database_away', 'database_read_only'];

/**
 * The error that goes on: one of ours where the database as a whole is at fault. `isRetryable` is false where there was no
 * connection to lose.
 */
export function translated(error: unknown, isRetryable: boolean): unknown {
  if (error instanceof Unavailable) return error;
  const outage = outageOf(error);
  if (outage === undefined) return error;
  return new Unavailable(outage, error, isRetryable && OF_ONE_CONNECTION.includes(outage));
}

/** Only errors that the server sent have one. */
function hasSeverity(error: unknown): boolean {
  return error instanceof Error && 'severity' in error;
}

/** No answer, or no connection, within our own limit. */
export class WaitedTooLong extends Error {
  override readonly name = 'WaitedTooLong';
}
