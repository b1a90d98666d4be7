import { buildIsStale, buildPage } from './build-state.ts';

/** `npm start`: builds what is stale, then serves page and API from one origin. */
if (buildIsStale()) {
  console.log('Building the app (a few seconds, only when something changed)…');
  await buildPage();
}
await import('../server/main.ts');
