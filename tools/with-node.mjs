import { resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import '../needs-node.mjs';

/** `node tools/with-node.mjs FILE WORDS`: runs a file as `node FILE WORDS` would, once Node.js is known to be new enough. */
process.argv.splice(1, 1);
await import(pathToFileURL(resolve(process.argv[1])).href);
