import { buildIsStale, buildPage } from './build-state.ts';
import { START_USAGE, startVariables } from './start-options.ts';

/**
 * `npm start`: builds what is stale, then serves page and API from one origin. `npm start -- --public URL --email ADDRESS` says
 * in two words what two variables say.
 */
const variables = startVariables(process.argv.slice(2));
if (variables === undefined) {
  console.error(START_USAGE);
  process.exitCode = 2;
} else {
  Object.assign(process.env, variables);
  if (buildIsStale()) {
    console.log('Building the app (a few seconds, only when something changed)…');
    await buildPage();
  }
  await import('../server/main.ts');
}
