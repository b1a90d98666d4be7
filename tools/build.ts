import { buildIsStale, buildPage } from './build-state.ts';

/** `npm run build`: builds the page if anything it is made of has changed, and lists what went into it and the server. */
if (buildIsStale()) await buildPage();
await import('./sbom.ts');
