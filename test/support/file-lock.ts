import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';

const HOLDER = `
  import BetterSqlite from 'better-sqlite3';
  const file = new BetterSqlite(process.argv[1]);
  file.exec('begin immediate');
  console.log('held');
  process.stdin.resume().on('end', () => process.exit(0));
`;

/** Another process that has the write lock of a data folder's database, until the returned function is called. */
export async function holdWriteLock(data: string): Promise<() => Promise<void>> {
  const child = spawn(
    process.execPath,
    ['--input-type=module', '--eval', HOLDER, join(data, 'fieldbind.sqlite')],
    { stdio: ['pipe', 'pipe', 'inherit'], cwd: import.meta.dirname },
  );
  await once(child.stdout, 'data');
  return async () => {
    const ended = once(child, 'exit');
    child.stdin.end();
    await ended;
  };
}
