import { existsSync, statSync } from 'node:fs';
import { join } from 'node:path';
import type { Clock } from '../core/clock.ts';
import { toInstant } from '../core/instant.ts';
import { uuid7 } from '../core/uuid7.ts';
import { certificateAuthority } from './authority/ca/authority.ts';
import { needKeys } from './authority/ca/need-keys.ts';
import { type CertificatePolicy, DEFAULT_POLICY } from './authority/ca/policy.ts';
import { ceremonies } from './authority/ceremony/ceremonies.ts';
import { rescueKeys } from './authority/ceremony/rescue-keys.ts';
import { type EstCa, estCa } from './authority/est-ca/est-ca.ts';
import { readEstCaFiles } from './authority/est-ca/est-ca-files.ts';
import { isEstCaInUse, settleEstCa } from './authority/est-ca/settle-est-ca.ts';
import { withEstCa } from './authority/est-ca/with-est-ca.ts';
import { databaseSealer } from './authority/keys/database-sealer.ts';
import { keyFiles, keyNames } from './authority/keys/key-files.ts';
import { nativeToken } from './authority/keys/native-token.ts';
import type { Token, TokenOptions } from './authority/keys/token.ts';
import { tokenKeys } from './authority/keys/token-keys.ts';
import { bindingOfKey } from './authority/ra/binding/binding-of-key.ts';
import { revocationLists } from './authority/va/publish-crl.ts';
import { type StatusResponder, statusResponder } from './authority/va/responder.ts';
import { beginningError, FIRST_KEY, judgeBeginning } from './config/beginning.ts';
import {
  type BelievedClock,
  believedClock,
  type MachineClock,
  machineClock,
} from './config/believed-clock.ts';
import { ConfigError, type EstCaConfig } from './config/config.ts';
import { markFile } from './config/installation-mark.ts';
import { settleAddress, settledAddress } from './config/settle-address.ts';
import { confirmClock, doubtSentence, lastSeen } from './config/watch-clock.ts';
import type { CommandFace, EstFace, HttpFace, TrustedIssuers } from './faces/face.ts';
import { dnsResolver } from './organisations/dns-resolver.ts';
import type { TxtResolver } from './organisations/name-proof.ts';
import { isReserved } from './ports/ca-names.ts';
import type { CertificateAuthority } from './ports/certificate-authority.ts';
import type { DatabaseIdentity } from './ports/identity.ts';
import type { RescueKeyCeremonies, RescueKeys } from './ports/rescue-keys.ts';
import type { Sealer } from './ports/sealer.ts';
import { believed } from './ports/server-clock.ts';
import type { Settings } from './ports/settings.ts';
import type { KeyVault, ServerKeys } from './ports/signer.ts';
import type { Database, Stores, Transact } from './ports/stores.ts';
import { type DatabaseObserver, unlessFull } from './ports/unavailable.ts';
import { openDatabase } from './store/open.ts';
import { type OwnerLock, ownerLock } from './store/owner-lock.ts';
import { beginEraIfPutBack } from './trail/begin-era.ts';
import { kidInVault, statementKeys } from './trail/statement-keys.ts';
import { nodeCrypto } from './x509/node-crypto.ts';

export interface InstallationOptions {
  readonly data: string;
  readonly databaseUrl?: string | undefined;
  readonly publicUrl: string;
  /** Where verifiers fetch what certificates name; the public address if left out. */
  readonly verifierUrl?: string;
  readonly suffix: string;
  /**
   * A server sets its own address, and owns the data folder. A command uses the address that the last server set, and
   * begins no installation.
   */
  readonly as?: 'server' | 'command';
  /** Whether several servers may work with one data folder whose database is a file; `one` if left out. */
  readonly servers?: 'one' | 'many';
  readonly caPassphrase?: string | undefined;
  /** A third party's CA that signs devices of real organisations in place of ours. */
  readonly estCa?: EstCaConfig | undefined;
  /** PKCS#11 token that has the keys, in place of files. */
  readonly pkcs11?: TokenOptions | undefined;
  /** A clock that is believed, or the clocks of a machine, which are compared; this machine's own if left out. */
  readonly clock?: Clock | MachineClock;
  readonly resolver?: TxtResolver;
  readonly policy?: CertificatePolicy;
  /** Told when the database does not do its work. */
  readonly observer?: DatabaseObserver;
}

/** One opened data folder: database, keys and CA, wired together. The server and the command line each open their own. */
export interface Installation extends CommandFace {
  readonly status: StatusResponder;
  readonly vault: KeyVault;
  readonly sealer: Sealer;
  /** The third party's CA, if there is one; it is asked only after it was started. */
  readonly estCa: EstCa | undefined;
  readonly tryWrite: Database['tryWrite'];
  readonly guardRoom: Database['guardRoom'];
  readonly policy: CertificatePolicy;
  /** This machine's clock; undefined where one was handed in that is believed. */
  readonly machine: BelievedClock | undefined;
  readonly rescueKeys: RescueKeys & RescueKeyCeremonies;
  /** Keys of this server's own certificate. */
  readonly serverKeys: ServerKeys;
  /** Notes for whoever started the program. */
  readonly notes: readonly string[];
  /** Resolves when the database was taken away under this process. */
  readonly gone: Promise<void>;
  needInPlace(): void;
  /** Tells the keys how far the audit trail is sealed, so that an older database is noticed beside them. */
  markSeal(): Promise<void>;
  close(): Promise<void>;
}

export async function openInstallation(options: InstallationOptions): Promise<Installation> {
  const { data } = options;
  const policy = options.policy ?? DEFAULT_POLICY;
  const crypto = nodeCrypto;
  const isServer = options.as === 'server';
  const mark = markFile(data, options.pkcs11 !== undefined);
  const lock = isServer ? ownFolder(options) : undefined;
  let token: Token | undefined;
  let database: Awaited<ReturnType<typeof openBelongings>> | undefined;
  try {
    token = options.pkcs11 && nativeToken(options.pkcs11);
    database = await openBelongings(options, { token, mark });
    const { stores, transact, urgent, inGroup, writer, tryWrite, guardRoom, vault, files } = database;
    const given = options.clock ?? machineClock;
    const machine = isMachineClock(given) ? believedClock(given, await lastSeen(stores)) : undefined;
    const clock = machine ?? believed(given);
    const doubt = clock.doubt();
    if (isServer && doubt !== undefined) throw new ConfigError(doubtSentence(doubt));
    const asked = { ...options, verifierUrl: options.verifierUrl ?? options.publicUrl };
    const { address, note } = isServer
      ? await settleAddress(asked, { transact, clock })
      : { address: await settledAddress(asked, { stores }), note: undefined };
    const { publicUrl, verifierUrl, suffix } = address;
    const ownFiles = files ?? keyFiles(join(data, 'keys'), options.caPassphrase);
    const rescue = rescueKeys({ files: ownFiles, stores, transact, clock, crypto });
    if (isServer) files?.renew();
    if (isServer) await needKeys({ vault, stores, clock });
    const aud = database.identity?.aud ?? (await beginIn(stores.settings, clock));
    const { takenAway, needInPlace, close } = database;
    const keys = statementKeys({ vault, stores, transact, clock, crypto, aud, takenAway });
    await keys.active();
    const { identity } = database;
    // Told before the era begins, whoever opens it: killed in between, the next one would call the copy older than its keys.
    if (identity?.isPutBack === true) mark.write({ aud, starts: identity.starts, seal: identity.seal });
    await beginEraIfPutBack({ stores, transact, statementKeys: keys, clock, crypto, aud });
    const unready = isServer ? await rescue.ready() : [];
    const { starts = 0, seal = 0 } = isServer
      ? {
          // Not counted on a full disk: the keys then know one start less.
          starts: (await unlessFull(countStart(transact))) ?? identity?.starts,
          seal: identity?.seal,
        }
      : {};
    const isMarked = !isServer || mark.raise({ aud, starts, seal });
    const ownCa = certificateAuthority({ vault, stores, clock, crypto, policy, verifierUrl });
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
      urgent,
      inGroup,
      writer,
      tryWrite,
      machine,
      confirmClock: async () => (machine === undefined ? undefined : confirmClock(machine, transact)),
      gone: database.gone,
      needInPlace,
      async markSeal() {
        const last = await stores.audit.lastSeal();
        needInPlace();
        mark.raise({ aud, starts, seal: last?.n ?? 0 });
      },
      guardRoom,
      async close() {
        await foreign?.close();
        token?.close();
        await close();
        lock?.release();
      },
      vault,
      sealer: databaseSealer(ownFiles),
      ca,
      lists: revocationLists({ stores, transact: urgent, ca, clock }),
      status: statusResponder({ vault, stores, transact: urgent, ca, clock }),
      ceremonies: ceremonies({
        vault,
        keyFiles: files,
        stores,
        transact,
        clock,
        crypto,
        policy,
        verifierUrl,
      }),
      estCa: foreign,
      statementKeys: keys,
      clock,
      crypto,
      resolver: options.resolver ?? dnsResolver,
      policy,
      publicUrl,
      suffix,
      rescueKeys: rescue,
      serverKeys: ownFiles,
      notes: [
        ...unready,
        ...(isServer && token !== undefined && options.caPassphrase === undefined
          ? [
              'FIELDBIND_CA_PASSPHRASE is not set: the rescue key is a file beside the token, which file mode alone protects.',
            ]
          : []),
        ...(note === undefined ? [] : [note]),
        ...(isMarked ? [] : [NOT_MARKED]),
        ...(isServer ? await namesakes(stores) : []),
      ],
      aud,
    };
  } catch (error) {
    token?.close();
    await database?.close();
    lock?.release();
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

const NOT_MARKED =
  'The folder of the keys cannot be written to, so nothing there says how far the database has come: an older one beside these keys would not be noticed.';

/** Throws ConfigError if another server, or a command that replaces the database, works with this folder. */
function ownFolder({ data, databaseUrl, servers = 'one' }: InstallationOptions): OwnerLock {
  const lock = ownerLock(data, databaseUrl === undefined && servers === 'one' ? 'alone' : 'beside');
  if (lock !== undefined) return lock;
  throw new ConfigError(
    `another server works with ${data}, or a command is replacing its database: end the other one, or name another folder with FIELDBIND_DATA. If several servers are to share this folder, start each with FIELDBIND_SERVERS=many`,
  );
}

/** Opens database and keys, after a look at whether they belong together. Throws ConfigError. */
async function openBelongings(
  { data, databaseUrl, observer, as, pkcs11, caPassphrase }: InstallationOptions,
  { token, mark }: { readonly token: Token | undefined; readonly mark: ReturnType<typeof markFile> },
) {
  const folder = join(data, 'keys');
  const file = databaseUrl === undefined ? join(data, 'fieldbind.sqlite') : undefined;
  const where = {
    data,
    keys: pkcs11 === undefined ? folder : `the token ${pkcs11.token}`,
    database: file ?? 'the one that FIELDBIND_DATABASE_URL names',
  };
  // A database that is opened by the first transaction: a token is asked for its keys before.
  let transact: Transact<keyof Stores> | undefined;
  const inTransaction = async <T>(work: () => Promise<T>): Promise<T> => {
    if (transact === undefined) throw new Error('a key is made before the database is open');
    return transact(work);
  };
  const tokenVault = token && tokenKeys(token, inTransaction);
  // Keys are looked at before the database: who begins an installation at this moment commits its name before its first key.
  const marked = mark.read();
  const keys = tokenVault === undefined ? keyNames(folder) : await namesInVault(tokenVault);
  const isThere = file === undefined || existsSync(file);
  const hollow = file !== undefined && isThere && statSync(file).size > 0 && !existsSync(`${file}-wal`);
  const admit = (database: DatabaseIdentity | undefined, statementKid: string | undefined) => {
    const wrong = judgeBeginning({ keys, mark: marked, database, hollow, statementKid }, as !== 'command');
    if (wrong !== undefined) throw beginningError(wrong, where);
  };
  // Opening would make the file.
  if (!isThere) admit(undefined, undefined);
  let identity: DatabaseIdentity | undefined;
  const opened = await openDatabase(data, databaseUrl, {
    observer,
    async admit(found) {
      identity = found;
      const place = found?.kids.length ?? 0;
      const vault =
        tokenVault ?? (keyNames(folder).length === 0 ? undefined : keyFiles(folder, caPassphrase));
      const kid = found?.kids.at(-1);
      admit(found, kid !== undefined && vault ? await kidInVault(place, kid, vault, nodeCrypto) : undefined);
    },
  });
  transact = opened.transact;
  try {
    if (tokenVault !== undefined) return { ...opened, identity, vault: tokenVault, files: undefined };
    const files = keyFiles(folder, caPassphrase);
    return { ...opened, identity, vault: files, files };
  } catch (error) {
    await opened.close();
    throw error;
  }
}

/** Which keys a token has of those that every installation makes first. */
async function namesInVault(vault: KeyVault): Promise<string[]> {
  const names: string[] = [];
  for (const name of [FIRST_KEY, 'root', 'training-root'])
    if ((await vault.open(name)) !== undefined) names.push(name);
  return names;
}

function isMachineClock(clock: Clock | MachineClock): clock is MachineClock {
  return 'sinceBoot' in clock;
}

/** Names a new installation. Of processes that begin it together, one names it for all. */
async function beginIn(settings: Settings, clock: Clock): Promise<string> {
  const aud = await settings.settle('aud', `fieldbind:${uuid7(clock.now(), nodeCrypto)}`);
  await settings.settle('made', toInstant(clock.now()));
  return aud;
}

/** How often a server began on this database, with this time. */
async function countStart(transact: Transact<'settings'>): Promise<number> {
  return transact(async ({ settings }) => {
    const starts = Number(await settings.settle('starts', '0')) + 1;
    await settings.change('starts', String(starts));
    return starts;
  });
}

/** What each face is given: an object of its own, without the vault and without whatever else that face does not need. */
export function facesOf(installation: Installation): {
  readonly http: HttpFace;
  readonly est: EstFace;
  readonly commands: CommandFace;
} {
  const { stores, transact, urgent, inGroup, writer, clock, crypto, aud } = installation;
  const {
    ca,
    lists,
    status,
    ceremonies: all,
    statementKeys: keys,
    resolver,
    publicUrl,
    suffix,
    confirmClock: confirm,
  } = installation;
  const shared = { stores, transact, urgent, inGroup, writer, clock, crypto, aud };
  return {
    http: { ...shared, ca: trustedIssuers(ca), lists, status, publicUrl },
    est: { ...shared, ca, lists },
    commands: {
      ...shared,
      ...{ ca, lists, ceremonies: all, statementKeys: keys, rescueKeys: installation.rescueKeys },
      ...{ resolver, publicUrl, suffix },
      confirmClock: confirm,
    },
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
