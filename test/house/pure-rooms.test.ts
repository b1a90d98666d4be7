import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';

const ROOT = new URL('../..', import.meta.url).pathname;
const PURE = ['contract', 'core', 'src/flow', 'src/ports', 'src/device/protocols', 'src/device/drivers'];

/** Declarations at the left margin that can be assigned again: the formatter indents all others. */
function variablesOf(text: string): string[] {
  return text.match(/^(?:export )?(?:let|var) \w+/gm) ?? [];
}

it('keeps no module-level variable in a pure room: its answers do not depend on who started the program', () => {
  const found = PURE.flatMap((room) =>
    readdirSync(join(ROOT, room), { recursive: true, encoding: 'utf8' })
      .filter((file) => file.endsWith('.ts'))
      .flatMap((file) =>
        variablesOf(readFileSync(join(ROOT, room, file), 'utf8')).map((line) => `${room}/${file}: ${line}`),
      ),
  );
  expect(found).toEqual([]);
});

it('would notice one', () => {
  expect(variablesOf('const a = 1;\nlet own: Own | undefined;\n')).toEqual(['let own']);
  expect(variablesOf('function f() {\n  let own = 1;\n}\n')).toEqual([]);
});
