import { type Config, readConfig } from './config/config.ts';
import { isForeseen } from './config/foreseen.ts';
import { isLoopback } from './config/public-address.ts';
import { type RunningServer, startServer } from './serve.ts';

function welcome({ url, installation, setUpLink }: RunningServer, config: Config): string {
  const at = isLoopback(new URL(config.publicUrl).hostname) ? url : config.publicUrl;
  return [
    '',
    `  Fieldbind is at ${at}`,
    '',
    ...(config.demo
      ? [
          '  Sign in there as Ines (installer), Hanna (homeowner) or Sam (support desk); no password, this machine only.',
          '  To try it without hardware: sign in and tap "Try with a simulated device".',
        ]
      : []),
    ...(setUpLink === undefined
      ? []
      : [
          '  Nobody can sign in yet. Whoever opens this link first is the first administrator; it is good once:',
          '',
          `  ${setUpLink}`,
          '',
        ]),
    '  A simulated device with real firmware’s protocol: npm run device -- --profile <firmware>',
    '  Administration: npm run fieldbind -- help',
    ...(config.caPassphrase === undefined && config.pkcs11 === undefined
      ? ['', '  FIELDBIND_CA_PASSPHRASE is not set: file mode alone protects the CA keys in the data folder.']
      : []),
    ...installation.notes.flatMap((note) => ['', `  ${note}`]),
    '',
  ].join('\n');
}

try {
  const config = readConfig(process.env);
  const server = await startServer(config);
  console.log(welcome(server, config));
  void server.gone.then((sentence) => {
    console.error(`fieldbind: ${sentence}`);
    process.exit(1);
  });
  for (const signal of ['SIGTERM', 'SIGINT'] as const) {
    process.once(signal, () => {
      server.close().then(
        () => process.exit(0),
        () => process.exit(1),
      );
    });
  }
} catch (error) {
  console.error(`fieldbind: ${plain(error)}`);
  process.exitCode = 1;
}

/** The sentence of an expected error; for any other error, its stack. */
function plain(error: unknown): string {
  if (isForeseen(error)) return error.message;
  if (error instanceof Error && 'code' in error && error.code === 'EADDRINUSE')
    return 'the port is in use; set PORT or FIELDBIND_HTTP_PORT to another one, or end the other server';
  if (error instanceof Error && 'code' in error && error.code === 'EACCES' && 'port' in error)
    return `this program may not listen on port ${error.port}: let it (CAP_NET_BIND_SERVICE), or set PORT and FIELDBIND_HTTP_PORT to ports above 1023 and have the system lead 443 and 80 there`;
  return error instanceof Error ? (error.stack ?? error.message) : String(error);
}
