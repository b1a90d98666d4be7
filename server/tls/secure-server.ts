import type { Server as HttpServer } from 'node:http';
import type { SecureContextOptions, Server, TLSSocket, TlsOptions } from 'node:tls';
import { crypto as acmeCrypto } from 'acme-client';
import { type CertificateSource, LOOK } from './certificate-source.ts';
import { lifeOf, type ServerPair } from './server-pair.ts';

/** RFC 8737 section 6.2. */
const CHALLENGE = 'acme-tls/1';
const HTTP = 'http/1.1';

/** What listeners with TLS need of this server's certificate. */
export interface SecureServers {
  /** Options to make the app's server with. */
  readonly options: TlsOptions;
  /** Shows the newest certificate to whoever connects to this server from here on; `more`: its other settings. */
  follow(server: HttpServer, more?: SecureContextOptions): void;
  /** Until when the one that is shown is good, milliseconds; 0 while there is none. */
  until(): number;
  /** Looks for newer certificates from here on. */
  start(): void;
  close(): Promise<void>;
}

/** Resolves after the first look. */
export async function secureServers(
  source: CertificateSource,
  onFault: (error: unknown) => void,
): Promise<SecureServers> {
  // Nobody listens yet whom a CA could ask.
  await source.look(false);
  const placeholder = await nobody();
  const followers: { readonly server: Server; readonly more: SecureContextOptions }[] = [];
  let shown = source.current();
  let timer: NodeJS.Timeout | undefined;

  const settings = (): { cert: string; key: string } => {
    const { chain, key } = shown ?? placeholder;
    return { cert: chain, key };
  };
  const hasNone = () => shown === undefined;

  source.onNewest(() => {
    shown = source.current();
    for (const { server, more } of followers) server.setSecureContext({ ...more, ...settings() });
  });

  /** Node calls it with the connection as `this`. Without an answer the handshake ends. */
  function chooseProtocol(
    this: TLSSocket,
    { servername, protocols }: { readonly servername: string | false; readonly protocols: readonly string[] },
  ): string | undefined {
    if (protocols.includes(CHALLENGE)) {
      // Node says false of a client that names nobody.
      const context = servername ? source.challenge(servername.toLowerCase()) : undefined;
      if (context === undefined) return undefined;
      this.setKeyCert(context);
      return CHALLENGE;
    }
    return hasNone() || !protocols.includes(HTTP) ? undefined : HTTP;
  }

  return {
    options: { ...settings(), ALPNCallback: chooseProtocol as NonNullable<TlsOptions['ALPNCallback']> },
    follow(server, more = {}) {
      const secure = server as unknown as Server;
      followers.push({ server: secure, more });
      secure.setSecureContext({ ...more, ...settings() });
      secure.on('secureConnection', (socket: TLSSocket) => {
        // Whoever asks for the proof wants nothing else; and nobody is answered under a certificate that means nothing.
        if (socket.alpnProtocol === CHALLENGE || hasNone()) socket.destroy();
      });
    },
    until: () => (shown === undefined ? 0 : lifeOf(shown.chain).until),
    start() {
      let looking = false;
      const look = () => {
        if (looking) return;
        looking = true;
        source
          .look(true)
          .catch(onFault)
          .finally(() => {
            looking = false;
          });
      };
      look();
      timer = setInterval(look, LOOK).unref();
    },
    async close() {
      clearInterval(timer);
      await source.close();
    },
  };
}

/** TLS needs some certificate before a CA can be shown another one. Signed by itself, and for no name. */
async function nobody(): Promise<ServerPair> {
  const authorization = { identifier: { type: 'dns', value: 'no-certificate-yet.invalid' } };
  const key = await acmeCrypto.createPrivateEcdsaKey('P-256');
  const [, cert] = await acmeCrypto.createAlpnCertificate(authorization as never, '', key);
  return { chain: cert.toString(), key: key.toString() };
}
