import { parseArgs } from 'node:util';
import { buildIsStale, buildPage } from './build-state.ts';

/**
 * `npm start`: builds what is stale, then serves page and API from one origin. `npm start -- --public URL --email ADDRESS` says
 * in two words what the variables say.
 */
const said = optionsOf(process.argv.slice(2));
if (said === undefined) {
  console.error('npm start -- [--public https://bind.example.org] [--email you@example.org]');
  process.exitCode = 2;
} else {
  if (said.public !== undefined) process.env.FIELDBIND_PUBLIC_URL = said.public;
  if (said.email !== undefined) process.env.FIELDBIND_ACME = said.email;
  if (buildIsStale()) {
    console.log('Building the app (a few seconds, only when something changed)…');
    await buildPage();
  }
  await import('../server/main.ts');
}

function optionsOf(args: string[]): { readonly public?: string; readonly email?: string } | undefined {
  try {
    return parseArgs({ args, options: { public: { type: 'string' }, email: { type: 'string' } } }).values;
  } catch {
    return undefined;
  }
}
