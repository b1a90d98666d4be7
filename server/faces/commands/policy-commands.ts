import { clearPolicy, setPolicy } from '../../organisations/set-policy.ts';
import { KEY_TYPES, type Policy } from '../../ports/policies.ts';
import { type Command, type CommandCall, needOrg, UsageError } from './command.ts';
import { actorFor, WHO } from './named-person.ts';

const TEXT = { type: 'string' } as const;
const SCOPE = { org: TEXT, domain: TEXT, by: TEXT } as const;

function oneOf<T extends string>(name: string, text: string | undefined, words: readonly T[]): T | undefined {
  if (text === undefined) return undefined;
  const found = words.find((word) => word === text);
  if (found === undefined) throw new UsageError(`--${name} is one of ${words.join(', ')}`);
  return found;
}

function policyFrom({ text }: Pick<CommandCall, 'text'>): Policy {
  const list = (name: string) =>
    text(name)
      ?.split(',')
      .map((word) => word.trim())
      .filter((word) => word !== '');
  const number = (name: string) => {
    const value = text(name);
    if (value !== undefined && !/^[0-9]{1,9}$/.test(value)) throw new UsageError(`--${name} is a number`);
    return value === undefined ? undefined : Number(value);
  };
  const keyTypes = list('key-types')?.map((word) => oneOf('key-types', word, KEY_TYPES) ?? 'P-256');
  const said = {
    models: list('models'),
    keyTypes,
    possession: oneOf('static', text('static'), ['bind', 'hold']),
    approval: oneOf('approval', text('approval'), ['never', 'always']),
    rekey: oneOf('rekey', text('rekey'), ['allow', 'refuse']),
    validityDays: number('validity-days'),
    quota: number('quota'),
    subject: text('subject'),
  };
  return Object.fromEntries(Object.entries(said).filter(([, value]) => value !== undefined));
}

export const policySet: Command = {
  usage:
    'policy set --org ORG [--domain NAME] [--models LIST] [--key-types LIST] [--static HOW] [--approval WHEN] [--rekey HOW] [--validity-days N] [--quota N] [--subject TEMPLATE] [--by PERSON]',
  about: 'what may be bound (for a domain: beside what holds for its organisation); what is left out is free',
  options: {
    ...SCOPE,
    models: TEXT,
    'key-types': TEXT,
    static: TEXT,
    approval: TEXT,
    rekey: TEXT,
    'validity-days': TEXT,
    quota: TEXT,
    subject: TEXT,
  },
  words: 0,
  async run(call) {
    const { installation, required, text, print } = call;
    const by = await actorFor(call, [required('org')], WHO.desk);
    const entry = { org: required('org'), domain: text('domain') ?? null, policy: policyFrom(call) };
    const result = await setPolicy(entry, by, installation);
    print(result === 'set' ? JSON.stringify(entry.policy) : `refused: ${result}`);
    return result === 'set' ? 0 : 1;
  },
};

export const policyShow: Command = {
  usage: 'policy show --org ORG',
  about: "an organisation's policy and those of its domains",
  options: { org: TEXT },
  words: 0,
  async run({ installation, required, print }) {
    await needOrg(required('org'), installation);
    for (const { domain, policy } of await installation.stores.policies.ofOrg(required('org')))
      print(domain ?? 'every domain', JSON.stringify(policy));
    return 0;
  },
};

export const policyClear: Command = {
  usage: 'policy clear --org ORG [--domain NAME] [--by PERSON]',
  about: 'removes the policy of an organisation, or of one domain',
  options: SCOPE,
  words: 0,
  async run(call) {
    const { installation, required, text, print } = call;
    const by = await actorFor(call, [required('org')], WHO.desk);
    const where = { org: required('org'), domain: text('domain') ?? null };
    const done = await clearPolicy(where, by, installation);
    print(done ? 'removed' : 'there was none');
    return done ? 0 : 1;
  },
};
