import { type Config, readConfig } from './config/config.ts';
import { isForeseen } from './config/foreseen.ts';
import { type RunningServer, startServer } from './serve.ts';

function welcome({ url, installation }: RunningServer, config: Config): string {
  return [
    '',
    `  Fieldbind is at ${url}`,
    '',
    ...(config.demo
      ? [
          '  Sign in there as Ines (installer), Hanna (homeowner) or Sam (support desk); no password, this machine only.',
          '  To try it without hardware: sign in and tap "Try with a simulated device".',
        ]
      : ['  FIELDBIND_DEMO is off, and there is no other sign-in yet: nobody can sign in.']),
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
    return 'the port is in use; set PORT to another one, or end the other server';
  return error instanceof Error ? (error.stack ?? error.message) : String(error);
}
