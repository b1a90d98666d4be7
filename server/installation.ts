import { join } from 'node:path';
import type { Clock } from '../core/clock.ts';
import { toInstant } from '../core/instant.ts';
import { uuid7 } from '../core/uuid7.ts';
import { certificateAuthority } from './authority/ca/authority.ts';
import { needKeys } from './authority/ca/need-keys.ts';
import { type CertificatePolicy, DEFAULT_POLICY } from './authority/ca/policy.ts';
import { ceremonies } from './authority/ceremony/ceremonies.ts';
import { type EstCa, estCa } from './authority/est-ca/est-ca.ts';
import { readEstCaFiles } from './authority/est-ca/est-ca-files.ts';
import { isEstCaInUse, settleEstCa } from './authority/est-ca/settle-est-ca.ts';
import { withEstCa } from './authority/est-ca/with-est-ca.ts';
import { keyFiles } from './authority/keys/key-files.ts';
import { nativeToken } from './authority/keys/native-token.ts';
import type { Token, TokenOptions } from './authority/keys/token.ts';
import { tokenKeys } from './authority/keys/token-keys.ts';
import { bindingOfKey } from './authority/ra/binding/binding-of-key.ts';
import { revocationLists } from './authority/va/publish-crl.ts';
import { type StatusResponder, statusResponder } from './authority/va/responder.ts';
import type { EstCaConfig } from './config/config.ts';
import { settleAddress, settledAddress } from './config/settle-address.ts';
import type { CommandFace, EstFace, HttpFace, TrustedIssuers } from './faces/face.ts';
import { dnsResolver } from './organisations/dns-resolver.ts';
import type { TxtResolver } from './organisations/name-proof.ts';
import { isReserved } from './ports/ca-names.ts';
import type { CertificateAuthority } from './ports/certificate-authority.ts';
import type { KeyVault } from './ports/signer.ts';
import type { Database } from './ports/stores.ts';
import type { DatabaseObserver } from './ports/unavailable.ts';
import { openDatabase } from './store/open.ts';
import { beginEraIfPutBack } from './trail/begin-era.ts';
import { statementKeys } from './trail/statement-keys.ts';
import { nodeCrypto } from './x509/node-crypto.ts';

export interface InstallationOptions {
  readonly data: string;
  readonly databaseUrl?: string | undefined;
  readonly publicUrl: string;
  readonly suffix: string;
  /** A server sets its own address. A command uses the one that the last server set, if there was one. */
  readonly as?: 'server' | 'command';
  readonly caPassphrase?: string | undefined;
  /** A third party's CA that signs devices of real organisations in place of ours. */
  readonly estCa?: EstCaConfig | undefined;
  /** PKCS#11 token that has the keys, in place of files. */
  readonly pkcs11?: TokenOptions | undefined;
  readonly clock?: Clock;
  readonly resolver?: TxtResolver;
  readonly policy?: CertificatePolicy;
  /** Told when the database does not do its work. */
  readonly observer?: DatabaseObserver;
}

/** One opened data folder: database, keys and CA, wired together. The server and the command line each open their own. */
export interface Installation extends CommandFace {
  readonly status: StatusResponder;
  readonly vault: KeyVault;
  /** The third party's CA, if there is one; it is asked only after it was started. */
  readonly estCa: EstCa | undefined;
  readonly tryWrite: Database['tryWrite'];
  readonly policy: CertificatePolicy;
  /** Notes for whoever started the program. */
  readonly notes: readonly string[];
  close(): Promise<void>;
}

export async function openInstallation(options: InstallationOptions): Promise<Installation> {
  const { data } = options;
  const clock = options.clock ?? { now: () => Date.now() };
  const policy = options.policy ?? DEFAULT_POLICY;
  const crypto = nodeCrypto;
  const database = await openDatabase(data, options.databaseUrl, options.observer);
  const { stores, transact, inGroup, writer, tryWrite, close } = database;
  let token: Token | undefined;
  try {
    const { address, note } =
      options.as === 'server'
        ? await settleAddress(options, { transact, clock })
        : { address: await settledAddress(options, { stores }), note: undefined };
    const { publicUrl, suffix } = address;
    token = options.pkcs11 && nativeToken(options.pkcs11);
    const files = token === undefined ? keyFiles(join(data, 'keys'), options.caPassphrase) : undefined;
    const vault = files ?? tokenKeys(token as Token, (work) => transact(work));
    if (options.as === 'server') files?.renew();
    if (options.as === 'server') await needKeys({ vault, stores, clock });
    const aud = await stores.settings.settle('aud', `fieldbind:${uuid7(clock.now(), crypto)}`);
    await stores.settings.settle('made', toInstant(clock.now()));
    const keys = statementKeys({ vault, stores, transact, clock, crypto, aud });
    await keys.active();
    await beginEraIfPutBack({ stores, transact, statementKeys: keys, clock, crypto, aud });
    const ownCa = certificateAuthority({ vault, stores, clock, crypto, policy, publicUrl });
    const isServer = options.as === 'server';
    const upstream = isServer && options.estCa ? readEstCaFiles(options.estCa) : undefined;
    const inUse = isServer
      ? await settleEstCa(options.estCa, { transact, clock })
      : await isEstCaInUse(stores);
    const foreign =
      upstream &&
      estCa(upstream, {
        ...{ stores, transact, clock, crypto, writer },
        bindingOfKey: (spki) => bindingOfKey(spki, { stores, crypto }),
      });
    const ca = withEstCa(ownCa, { estCa: foreign, inUse }, { stores, policy, clock, crypto });
    return {
      stores,
      transact,
      inGroup,
      writer,
      tryWrite,
      async close() {
        await foreign?.close();
        token?.close();
        await close();
      },
      vault,
      ca,
      lists: revocationLists({ stores, transact, ca, clock }),
      status: statusResponder({ vault, stores, transact, ca, clock }),
      ceremonies: ceremonies({ vault, keyFiles: files, stores, transact, clock, crypto, policy, publicUrl }),
      estCa: foreign,
      statementKeys: keys,
      clock,
      crypto,
      resolver: options.resolver ?? dnsResolver,
      policy,
      publicUrl,
      suffix,
      notes: [...(note === undefined ? [] : [note]), ...(isServer ? await namesakes(stores) : [])],
      aud,
    };
  } catch (error) {
    token?.close();
    await close();
    throw error;
  }
}

/** Organisations from before a name was reserved: what whoever runs the installation should know of each. */
async function namesakes({ orgs }: Installation['stores']): Promise<string[]> {
  return (await orgs.orgs())
    .filter(({ name }) => isReserved(name))
    .map(
      ({ name }) =>
        `The organisation ${name} is called like a key of the installation’s own, and may share one with it: make another organisation, move its devices there, and rotate what has its name (docs/operations.md, "Reserved names").`,
    );
}

/** What each face is given: an object of its own, without the vault and without whatever else that face does not need. */
export function facesOf(installation: Installation): {
  readonly http: HttpFace;
  readonly est: EstFace;
  readonly commands: CommandFace;
} {
  const { stores, transact, inGroup, writer, clock, crypto, aud } = installation;
  const {
    ca,
    lists,
    status,
    ceremonies: all,
    statementKeys: keys,
    resolver,
    publicUrl,
    suffix,
  } = installation;
  const shared = { stores, transact, inGroup, writer, clock, crypto, aud };
  return {
    http: { ...shared, ca: trustedIssuers(ca), lists, status },
    est: { ...shared, ca, lists },
    commands: { ...shared, ca, lists, ceremonies: all, statementKeys: keys, resolver, publicUrl, suffix },
  };
}

/** Issuing CAs without what signs. */
function trustedIssuers(ca: CertificateAuthority): TrustedIssuers {
  return {
    bundle: (org) => ca.bundle(org),
    async issuerNamed(issuerName) {
      const issuer = await ca.issuerNamed(issuerName);
      if (issuer === undefined) return undefined;
      const { name, org, own, replaced, chainPem, anchorPem, anchorsPem } = issuer;
      return { name, org, own, replaced, chainPem, anchorPem, anchorsPem };
    },
  };
}
