import { toPem } from '../../../core/pem.ts';
import { mayBeOrg } from '../../ports/ca-names.ts';
import { CURVES, type WantedCa } from '../../ports/wanted-ca.ts';
import { sha256Hex } from '../../x509/node-crypto.ts';
import { type Command, type CommandCall, UsageError } from './command.ts';
import { writeNew } from './text-files.ts';

const TEXT = { type: 'string' } as const;
const FLAG = { type: 'boolean' } as const;

export function readCurve({ text }: Pick<CommandCall, 'text'>): WantedCa['curve'] {
  const value = text('curve');
  const curve = CURVES.find((one) => one === value);
  if (value !== undefined && curve === undefined)
    throw new UsageError(`--curve is one of ${CURVES.join(', ')}`);
  return curve;
}

export const caList: Command = {
  usage: 'ca list',
  about: 'every CA with its end, what took its place, and the SHA-256 of its anchor',
  options: {},
  words: 0,
  async run({ installation, print }) {
    for (const { name, notAfter, replaced, anchor } of await installation.stores.authorities.authorities()) {
      const state = replaced === null ? 'in use' : `replaced, watched until ${replaced.until}`;
      print(name, notAfter, state, sha256Hex(anchor));
    }
    return 0;
  },
};

export const caRotate: Command = {
  usage: 'ca rotate --org ORG [--curve CURVE] [--again]',
  about: 'a new issuing key beside the old one, each certified by the other',
  options: { org: TEXT, curve: TEXT, again: FLAG },
  words: 0,
  async run(call) {
    const { installation, flag, print } = call;
    const ca = await wantedOrg(call);
    const result = await installation.ceremonies.rotate({ ...ca, again: flag('again') });
    switch (result.code) {
      case 'rotated':
        print(`${result.authority.name} issues now, SHA-256 ${sha256Hex(result.authority.anchor)}`);
        print('Give verifiers the new bundle and the new CRL; servers take it up within seconds.');
        return 0;
      case 'overlap':
        print(
          `a rotation is under way until ${result.until}; with --again there is another one all the same`,
        );
        return 1;
      case 'no_authority':
        print('this organisation has no issuing CA yet');
        return 1;
    }
  },
};

export const caRequest: Command = {
  usage: 'ca request --org ORG --to FILE [--training] [--curve CURVE] [--again]',
  about: 'where the root is elsewhere: the request for a first or next issuing CA, for "ca sign"',
  options: { org: TEXT, to: TEXT, training: FLAG, curve: TEXT, again: FLAG },
  words: 0,
  async run(call) {
    const { installation, required, flag, print } = call;
    const ca = await wantedOrg(call, flag('training'));
    const until = await installation.ceremonies.overlapOf(ca.name);
    if (until !== undefined && !flag('again')) {
      print(`a rotation is under way until ${until}; with --again there is another one all the same`);
      return 1;
    }
    const request = await installation.ceremonies.request(ca);
    writeNew(required('to'), toPem('CERTIFICATE REQUEST', request));
    print(`request for ${ca.name}, SHA-256 ${sha256Hex(request)}`);
    return 0;
  },
};

/** An organisation that exists determines itself whether it is for training. */
export async function wantedOrg(call: CommandCall, training = false): Promise<WantedCa> {
  const name = call.required('org');
  const org = await call.installation.stores.orgs.org(name);
  if (org === undefined && !mayBeOrg(name)) throw new UsageError('--org is no name of an organisation');
  return { name, training: org?.training ?? training, curve: readCurve(call) };
}
