import pg from 'pg';
import { query } from './postgres.ts';

/** Polls the database itself until this holds of it: no clock of ours is looked at. */
export async function until(url: string, condition: string): Promise<void> {
  while ((await query(url, `select 1 where ${condition}`)).length === 0);
}

const OURS = `application_name = 'fieldbind'`;

/** What somebody at the database's own console does to one database, and to the connections that we have to it. */
export class Console {
  readonly #url: string;
  readonly #name: string;

  constructor(url: string) {
    this.#url = url;
    this.#name = /^postgres:\/\/\/([^?]+)/.exec(url)?.[1] ?? '';
  }

  /** Connections of ours that are in this state. */
  ours(condition: string): string {
    return `(select count(*) from pg_stat_activity where datname = '${this.#name}' and ${OURS} and ${condition})`;
  }

  async count(condition: string): Promise<number> {
    const [row] = await query(this.#url, `select ${this.ours(condition)}::int as n`);
    return Number(row?.n);
  }

  /** Ends the statement, or the connection, of all that are in this state, once there is one. */
  async end(what: 'cancel' | 'terminate', condition: string): Promise<void> {
    await until(this.#url, `${this.ours(condition)} > 0`);
    await query(
      this.#url,
      `select pg_${what}_backend(pid) from pg_stat_activity
        where datname = '${this.#name}' and ${OURS} and ${condition}`,
    );
  }

  /** A server that has stepped down: new transactions may only read. */
  async readOnly(on: boolean): Promise<void> {
    const setting = 'default_transaction_read_only';
    await writable(this.#url, on ? `alter system set ${setting} = on` : `alter system reset ${setting}`);
    await query(this.#url, 'select pg_reload_conf()');
    await until(this.#url, `current_setting('${setting}') = '${on ? 'on' : 'off'}'`);
  }

  /** A standby that must confirm each commit and is not there; or none that must. */
  async standbyMissing(isMissing: boolean): Promise<void> {
    const names = isMissing ? 'nobody' : '';
    await query(this.#url, `alter system set synchronous_standby_names = '${names}'`);
    await query(this.#url, 'select pg_reload_conf()');
    await until(this.#url, `current_setting('synchronous_standby_names') = '${names}'`);
  }

  /** Takes what every transaction of ours begins with, until the returned function is called. */
  async holdTurn(): Promise<() => Promise<void>> {
    const holder = new pg.Client({ connectionString: this.#url });
    holder.on('error', () => undefined);
    await holder.connect();
    await holder.query('begin; select n from turn for update');
    return async () => {
      await holder.query('rollback');
      await holder.end();
    };
  }
}

/** ALTER SYSTEM writes no table, but a session that may only read refuses it. */
async function writable(url: string, text: string): Promise<void> {
  const client = new pg.Client({ connectionString: url, options: '-c default_transaction_read_only=off' });
  await client.connect();
  try {
    await client.query(text);
  } finally {
    await client.end();
  }
}

export const WAITS_FOR_LOCK = `wait_event_type = 'Lock'`;
export const WAITS_FOR_STANDBY = `wait_event = 'SyncRep'`;
export const IN_ABORTED_TRANSACTION = `state = 'idle in transaction (aborted)'`;
export const IN_TRANSACTION = `state like 'idle in transaction%'`;
