import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import expressPouchDB from 'express-pouchdb';
import leveldb from 'pouchdb-adapter-leveldb';
import PouchDB from 'pouchdb-core';

/**
 * PouchDB's own server, in a process of its own: `node pouchdb-peer.ts PAGE_SCRIPT`. Prints its port when it listens. It keeps
 * what it takes in LevelDB on the disk, its default on Node: ours answers for nothing that is in memory only either.
 */
const script = readFileSync(process.argv[2] ?? '');
const folder = mkdtempSync(join(tmpdir(), 'fieldbind-pouchdb-'));
const peer = expressPouchDB(
  PouchDB.plugin(leveldb).defaults({ adapter: 'leveldb', prefix: join(folder, '/') }),
  {
    mode: 'minimumForPouchDB',
    inMemoryConfig: true,
    logPath: join(folder, 'log.txt'),
  },
);
const server = createServer((request, response) => {
  const path = request.url ?? '/';
  if (path.startsWith('/db/')) {
    request.url = path.slice('/db'.length);
    peer(request, response);
    return;
  }
  const isScript = path === '/pouchdb.js';
  response.writeHead(200, { 'content-type': isScript ? 'text/javascript' : 'text/html' });
  response.end(isScript ? script : '<!doctype html><title>peer</title><script src=/pouchdb.js></script>');
});
server.listen(0, '127.0.0.1', () => {
  const address = server.address();
  console.log(typeof address === 'object' ? address?.port : '');
});
// Its parent ends it by closing the pipe.
process.stdin.resume().on('end', () => {
  rmSync(folder, { recursive: true, force: true });
  process.exit(0);
});
