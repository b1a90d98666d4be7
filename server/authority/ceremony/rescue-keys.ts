import { createPublicKey } from 'node:crypto';
import { Integer, Array as List, Object as Obj, String as Text } from 'typebox/type';
import { parse } from '../../../contract/parse.ts';
import type { PublicJwk } from '../../../contract/public-jwk.ts';
import { equalBytes } from '../../../core/bytes.ts';
import type { Clock } from '../../../core/clock.ts';
import type { CryptoPort } from '../../../core/crypto.ts';
import { toInstant } from '../../../core/instant.ts';
import { jwkThumbprint } from '../../../core/jwk.ts';
import type { RescueKeyCeremonies, RescueKeyRow, RescueKeys } from '../../ports/rescue-keys.ts';
import { type KeyAgreement, VaultError } from '../../ports/signer.ts';
import type { Needs, Transact } from '../../ports/stores.ts';
import { audit } from '../../trail/chain.ts';
import { STEPS } from '../../trail/steps.ts';
import type { KeyFiles } from '../keys/key-files.ts';

/** Where an older version kept the private key. */
const OLD_SETTING = 'rescue-key';
const SETTING = 'rescue-keys';
const PREFIX = 'rescue-';
const Rows = List(Obj({ n: Integer({ minimum: 1 }), kid: Text(), from: Text() }));

export interface RescueKeyParts {
  /** Files also where the other keys are in a token: many tokens cannot agree on secrets (CKM_ECDH1_DERIVE). */
  readonly files: KeyFiles;
  readonly stores: Needs<'settings'>;
  readonly transact: Transact<'settings' | 'audit'>;
  readonly clock: Clock;
  readonly crypto: CryptoPort;
}

/**
 * The keys that rescue files are sealed to. The database knows which there are, the vault has them; so a copy of the database
 * opens no file.
 */
export function rescueKeys(
  parts: RescueKeyParts,
): RescueKeys & RescueKeyCeremonies & { ready(): Promise<string[]> } {
  const { files, stores, transact, clock, crypto } = parts;
  const fileOf = (n: number) => `${PREFIX}${n}`;

  const read = async ({ settings }: Needs<'settings'>): Promise<readonly RescueKeyRow[]> =>
    parse(Rows, JSON.parse((await settings.setting(SETTING)) ?? '[]')) ?? [];

  async function save(rows: readonly RescueKeyRow[], { settings }: Needs<'settings'>): Promise<void> {
    await settings.settle(SETTING, '[]');
    await settings.change(SETTING, JSON.stringify(rows));
  }

  async function rowOf(n: number, key: KeyAgreement): Promise<RescueKeyRow> {
    return { n, kid: await jwkThumbprint(jwkOf(key), crypto), from: toInstant(clock.now()) };
  }

  /** The private half, if the file that is here is that of this row. */
  async function open({ n, kid }: RescueKeyRow): Promise<KeyAgreement | undefined> {
    const key = files.agreement(fileOf(n));
    return key !== undefined && (await jwkThumbprint(jwkOf(key), crypto)) === kid ? key : undefined;
  }

  function note(event: string, { n, kid }: RescueKeyRow, actor: string, tx: Needs<'audit'>): Promise<void> {
    const entry = { at: toInstant(clock.now()), step: STEPS.admin, event, actor, org: null };
    return audit(tx.audit, { ...entry, subject: kid, detail: fileOf(n) });
  }

  /** Adds a key that is in the vault already. Of two processes that add one at once the second takes the first one's. */
  async function add(n: number, key: KeyAgreement, event: string, by: string): Promise<RescueKeyRow> {
    const row = await rowOf(n, key);
    return transact(async (tx) => {
      const rows = await read(tx);
      const there = rows.find((one) => one.n === n);
      if (there !== undefined) return there;
      await save(
        [...rows, row].sort((one, other) => one.n - other.n),
        tx,
      );
      await note(event, row, by, tx);
      return row;
    });
  }

  async function rotate(by: string): Promise<RescueKeyRow> {
    const n = ((await read(stores)).at(-1)?.n ?? 0) + 1;
    return add(n, files.makeAgreement(fileOf(n)), 'rescue key made', by);
  }

  /** Takes the key of an older version out of the database: first it is safe in its file, then it is wiped. */
  async function takeOut(): Promise<void> {
    const pem = await stores.settings.setting(OLD_SETTING);
    if (pem === undefined) return;
    const spki = createPublicKey(pem).export({ type: 'spki', format: 'der' });
    let n = 1;
    // Beside the folder of another life of this installation it gets the next name that is free.
    for (; ; n++) {
      files.putAgreement(fileOf(n), pem);
      const there = files.agreement(fileOf(n));
      if (there === undefined) throw new VaultError('the rescue key cannot be read back from its file');
      if (equalBytes(there.spki, spki)) break;
    }
    const row = await rowOf(n, files.makeAgreement(fileOf(n)));
    await transact(async (tx) => {
      await tx.settings.wipe(OLD_SETTING);
      const rows = await read(tx);
      if (!rows.some((one) => one.n === n))
        await save(
          [...rows, row].sort((one, other) => one.n - other.n),
          tx,
        );
      await note('rescue key taken out of the database', row, 'server', tx);
    });
  }

  return {
    async current() {
      const newest = (await read(stores)).at(-1) ?? (await rotate('server'));
      const key = await open(newest);
      return key && jwkOf(key);
    },
    async agree(other) {
      let point: Uint8Array;
      try {
        point = new Uint8Array(
          createPublicKey({ key: { ...other }, format: 'jwk' }).export({ type: 'spki', format: 'der' }),
        );
      } catch {
        // A point off the curve: nobody has sealed anything with it.
        return [];
      }
      const secrets: Uint8Array[] = [];
      for (const row of (await read(stores)).toReversed()) {
        const key = await open(row);
        if (key !== undefined) secrets.push(key.agree(point));
      }
      return secrets;
    },
    list: () => read(stores),
    rotate,
    async end(n, by) {
      const gone = await transact(async (tx) => {
        const rows = await read(tx);
        const newest = rows.at(-1);
        if (newest === undefined || n >= newest.n || !rows.some((row) => row.n === n)) return [];
        const ended = rows.filter((row) => row.n <= n);
        await save(
          rows.filter((row) => row.n > n),
          tx,
        );
        for (const row of ended) await note('rescue key ended', row, by, tx);
        return ended;
      });
      for (const row of gone) files.remove(fileOf(row.n));
      return gone.length > 0;
    },
    /** At a server's start. Returns what whoever runs the installation should know. */
    async ready() {
      await takeOut();
      // What a crash left of ended ones.
      const oldest = (await read(stores)).at(0)?.n ?? 0;
      for (const n of files.numbered(PREFIX)) if (n < oldest) files.remove(fileOf(n));
      // A restored older database knows nothing of keys that were made since, which files may be sealed to.
      const known = (await read(stores)).at(-1)?.n ?? 0;
      for (const n of files.numbered(PREFIX).filter((one) => one > known)) {
        const key = files.agreement(fileOf(n));
        if (key !== undefined) await add(n, key, 'rescue key found', 'server');
      }
      const newest = (await read(stores)).at(-1);
      if (newest === undefined || (await open(newest)) !== undefined) return [];
      return [
        `The key ${fileOf(newest.n)} is not in the folder of keys, so no rescue file can be made: put it back there, in the folder that all processes share, or make another one (rescue-key rotate).`,
      ];
    },
  };
}

function jwkOf({ spki }: KeyAgreement): PublicJwk {
  const { x = '', y = '' } = createPublicKey({ key: Buffer.from(spki), format: 'der', type: 'spki' }).export({
    format: 'jwk',
  });
  return { kty: 'EC', crv: 'P-256', x, y };
}
