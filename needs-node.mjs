/**
 * Ends the process with one sentence where Node.js is too old to run TypeScript as it stands: Node's own word for that is
 * ERR_UNKNOWN_FILE_EXTENSION. Plain JavaScript, so that an old Node can read it; imported first by everything that is started.
 */
const NEEDED = 24; // `engines` in package.json and .nvmrc say the same

/** What is wrong with this version of Node.js; undefined if it will do. */
export function nodeFault(version) {
  return Number(version.split('.')[0]) >= NEEDED
    ? undefined
    : `fieldbind: this is Node.js ${version}, but ${NEEDED} or newer is needed; "npm ci" brings it for every npm command here, and https://nodejs.org has it.`;
}

const fault = nodeFault(process.versions.node);
if (fault !== undefined) {
  console.error(fault);
  process.exit(1);
}
