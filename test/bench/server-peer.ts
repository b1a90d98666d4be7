import { startServer } from '../../server/serve.ts';

/** Our server in a process of its own: `node server-peer.ts DATA DIST PUBLIC_URL`. Prints its port when it listens. */
const [data = '', dist = '', publicUrl = ''] = process.argv.slice(2);
const server = await startServer({ port: 0, data, dist, publicUrl });
console.log(server.port);
// Its parent ends it by closing the pipe.
process.stdin.resume().on('end', () => {
  void server.close().then(() => process.exit(0));
});
