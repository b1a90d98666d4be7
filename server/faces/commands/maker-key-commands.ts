import { readFile } from 'node:fs/promises';
import { toInstant } from '../../../core/instant.ts';
import { isMakerName } from '../../../core/udid.ts';
import { readMakerKey } from '../../organisations/lists/signed-file.ts';
import { audit } from '../../trail/chain.ts';
import { STEPS } from '../../trail/steps.ts';
import { type Command, needOrg, UsageError } from './command.ts';
import { actorFor, WHO } from './named-person.ts';

const TEXT = { type: 'string' } as const;

export const makerKeyAdd: Command = {
  usage: 'maker-key add FILE.pem --maker MAKER --org ORG --by PERSON',
  about: 'takes lists of this maker only under a signature by this key, or by another one added',
  options: { maker: TEXT, org: TEXT, by: TEXT },
  words: 1,
  async run(call) {
    const { installation, words, required, print } = call;
    const { stores, transact, clock, crypto } = installation;
    const [maker, org] = [required('maker'), required('org')];
    required('by');
    if (!isMakerName(maker)) throw new UsageError('--maker is no maker’s name');
    if ((await stores.orgs.org(org)) === undefined) throw new UsageError('there is no such organisation');
    const by = await actorFor(call, [org], WHO.desk);
    const spki = readMakerKey(await readFile(words[0] ?? '', 'utf8').catch(() => ''));
    if (spki === undefined)
      throw new UsageError('the file holds no public key or certificate, ECDSA or RSA of 2048 bits or more');
    const digest = await crypto.digest(spki);
    const at = toInstant(clock.now());
    const known = (await stores.makerKeys.live(org)).find((key) => key.digest === digest);
    if (known !== undefined && known.maker !== maker)
      throw new UsageError(`this key is already taken as ${known.maker}’s`);
    await transact(async (tx) => {
      await tx.makerKeys.add({ org, maker, digest, spki, addedAt: at, addedBy: by });
      await audit(tx.audit, {
        ...trail(at, by, org),
        event: "maker's key added",
        subject: maker,
        detail: digest,
      });
    });
    print(`${digest} signs lists of ${maker} for ${org}`);
    return 0;
  },
};

export const makerKeyList: Command = {
  usage: 'maker-key list --org ORG',
  about: 'keys by which makers sign their lists',
  options: { org: TEXT },
  words: 0,
  async run({ installation, required, print }) {
    await needOrg(required('org'), installation);
    for (const { maker, digest, addedAt, addedBy } of await installation.stores.makerKeys.live(
      required('org'),
    ))
      print(`${maker}  ${digest}  ${addedAt.slice(0, 10)}  ${addedBy}`);
    return 0;
  },
};

export const makerKeyEnd: Command = {
  usage: 'maker-key end DIGEST --org ORG --by PERSON',
  about: 'takes no more lists under this key; rows that came under it stay',
  options: { org: TEXT, by: TEXT },
  words: 1,
  async run(call) {
    const { installation, words, required, print } = call;
    const [digest, org] = [words[0] ?? '', required('org')];
    required('by');
    const by = await actorFor(call, [org], WHO.desk);
    const at = toInstant(installation.clock.now());
    const ended = await installation.transact(async (tx) => {
      const done = await tx.makerKeys.end(org, digest, at);
      if (done) await audit(tx.audit, { ...trail(at, by, org), event: "maker's key ended", subject: digest });
      return done;
    });
    print(ended ? 'ended' : 'there is no such key');
    return ended ? 0 : 1;
  },
};

function trail(at: string, actor: string, org: string) {
  return { at, step: STEPS.admin, actor, org };
}
