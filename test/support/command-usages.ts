import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

const COMMANDS = join(import.meta.dirname, '../../server/faces/commands');

/** Usage lines of the administration commands, read from their sources: no process is started to ask for them. */
export function commandUsages(): readonly string[] {
  return readdirSync(COMMANDS)
    .filter((file) => file.endsWith('-commands.ts') || file.endsWith('-command.ts'))
    .flatMap((file) => [...readFileSync(join(COMMANDS, file), 'utf8').matchAll(USAGE)])
    .map((match) => match[1] ?? match[2] ?? '');
}

const USAGE = /\busage:\s*(?:'([^']+)'|"([^"]+)")/g;
