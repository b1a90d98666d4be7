import { join } from 'node:path';
import type { CryptoPort } from '../core/crypto.ts';
import { toInstant } from '../core/instant.ts';
import { uuid7 } from '../core/uuid7.ts';
import { certificateAuthority } from './ca/authority.ts';
import { type CertificatePolicy, DEFAULT_POLICY } from './ca/policy.ts';
import { settleAddress, settledAddress } from './config/settle-address.ts';
import { keyFiles } from './crypto/key-files.ts';
import { nodeCrypto } from './crypto/node-crypto.ts';
import { dnsResolver } from './custody/dns-resolver.ts';
import type { CertificateAuthority } from './ports/certificate-authority.ts';
import type { Clock } from './ports/clock.ts';
import type { TxtResolver } from './ports/name-proof.ts';
import type { KeyVault } from './ports/signer.ts';
import type { Database } from './ports/stores.ts';
import { type StatementKeys, statementKeys } from './statements/statement-keys.ts';
import { openDatabase } from './store/open.ts';

export interface InstallationOptions {
  readonly data: string;
  readonly databaseUrl?: string | undefined;
  readonly publicUrl: string;
  readonly suffix: string;
  /** A server says where it is; everybody else takes what the last server said, if there was one. */
  readonly as?: 'server' | 'command';
  readonly caPassphrase?: string | undefined;
  readonly clock?: Clock;
  readonly resolver?: TxtResolver;
  readonly policy?: CertificatePolicy;
}

/** One data folder opened: database, keys and CA, wired. The server and the command line each open their own. */
export interface Installation extends Omit<Database, 'close'> {
  readonly vault: KeyVault;
  readonly ca: CertificateAuthority;
  readonly statementKeys: StatementKeys;
  readonly clock: Clock;
  readonly crypto: CryptoPort;
  readonly resolver: TxtResolver;
  readonly policy: CertificatePolicy;
  readonly publicUrl: string;
  readonly suffix: string;
  /** What whoever started it should know. */
  readonly notes: readonly string[];
  /** Identity of the installation, made at its first start: the audience of every signature. */
  readonly aud: string;
  close(): Promise<void>;
}

export async function openInstallation(options: InstallationOptions): Promise<Installation> {
  const { data } = options;
  const clock = options.clock ?? { now: () => Date.now() };
  const policy = options.policy ?? DEFAULT_POLICY;
  const crypto = nodeCrypto;
  const { stores, transact, transactGroup, close } = await openDatabase(data, options.databaseUrl);
  try {
    const { address, note } =
      options.as === 'server'
        ? await settleAddress(options, { transact, clock })
        : { address: await settledAddress(options, { stores }), note: undefined };
    const { publicUrl, suffix } = address;
    const vault = keyFiles(join(data, 'keys'), options.caPassphrase);
    const aud = await stores.settings.settle('aud', `fieldbind:${uuid7(clock.now(), crypto)}`);
    await stores.settings.settle('made', toInstant(clock.now()));
    const keys = statementKeys({ vault, stores, transact, clock, crypto, aud });
    await keys.active();
    return {
      stores,
      transact,
      transactGroup,
      close,
      vault,
      ca: certificateAuthority({ vault, stores, clock, crypto, policy, publicUrl }),
      statementKeys: keys,
      clock,
      crypto,
      resolver: options.resolver ?? dnsResolver,
      policy,
      publicUrl,
      suffix,
      notes: note === undefined ? [] : [note],
      aud,
    };
  } catch (error) {
    await close();
    throw error;
  }
}
