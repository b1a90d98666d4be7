import { readConfig } from '../../server/config/config.ts';
import { startServer } from '../../server/serve.ts';

/**
 * A server in a process of its own that kills itself, as a power cut would, right after the step named in its second
 * argument (`none`: never). Arguments: data folder, step, port. Prints its address when it listens.
 */
const [data = '', step = 'none', port = '0'] = process.argv.slice(2);
const { events, estCa, servers, pushes } = readConfig(process.env);
const server = await startServer({
  data,
  databaseUrl: process.env.FIELDBIND_DATABASE_URL || undefined,
  port: Number(port),
  events,
  pushes,
  estCa,
  servers,
  onStep(done) {
    if (done === step) process.kill(process.pid, 'SIGKILL');
  },
});
console.log(server.url);
process.once('SIGTERM', () => server.close().then(() => process.exit(0)));
