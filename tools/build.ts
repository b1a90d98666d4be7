import { buildIsStale, buildPage } from './build-state.ts';

/** `npm run build`: builds the page if anything it is made of has changed. */
if (buildIsStale()) await buildPage();
