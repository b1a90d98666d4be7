import { toInstant } from '../../../core/instant.ts';
import { isUdid } from '../../../core/udid.ts';
import { deviceState } from '../../authority/ra/custody/device-state.ts';
import { liftTombstones, revokeDevice } from '../../authority/ra/custody/revoke-device.ts';
import { REVOCATION_REASONS } from '../../ports/certificate-authority.ts';
import { type Command, UsageError } from './command.ts';
import { signedWords } from './signed-words.ts';

const TEXT = { type: 'string' } as const;

export const devicesList: Command = {
  usage: 'devices [--org ORG] [--json]',
  about: 'bound devices',
  options: { org: TEXT, json: { type: 'boolean' } },
  words: 0,
  async run({ installation, text, flag, print }) {
    const { stores } = installation;
    const org = text('org');
    const orgs = org === undefined ? (await stores.orgs.orgs()).map(({ name }) => name) : [org];
    for (const name of orgs) {
      for (const binding of await stores.bindingHistory.ofOrg(name, 1_000_000)) {
        const state = await deviceState(binding, stores);
        if (state === undefined) continue;
        const { maker, udid, domain, fingerprint } = state;
        const marks = [
          state.state,
          ...(state.unproven ? ['unproven'] : []),
          ...(state.firstUse ? ['first-use'] : []),
        ];
        print(
          flag('json')
            ? JSON.stringify({ org: name, ...state })
            : `${maker}\t${udid}\t${domain}\t${marks.join(',')}\t${fingerprint}`,
        );
      }
    }
    return 0;
  },
};

export const dueList: Command = {
  usage: 'due [--within DAYS] [--org ORG]',
  about:
    'devices whose certificate ends within 30 days, or as many as named: those to visit or to look after',
  options: { within: TEXT, org: TEXT },
  words: 0,
  async run({ installation, text, print }) {
    const days = Number(text('within') ?? 30);
    if (!(days >= 0 && days <= 3650)) throw new UsageError('--within is a number of days');
    const before = toInstant(installation.clock.now() + days * 24 * 3_600_000);
    for (const { binding, notAfter } of await installation.stores.liveBindings.due(before, 10_000)) {
      const { org, maker, udid, domain, site } = binding;
      if (text('org') === undefined || text('org') === org)
        print(`${notAfter}\t${org}\t${maker}\t${udid}\t${domain}\t${site ?? ''}`);
    }
    return 0;
  },
};

export const revoke: Command = {
  usage: 'revoke --udid U --maker M --reason REASON [--by PERSON]',
  about: 'revokes a device at once: certificate, binding, and tombstones over its UDID and key',
  options: { udid: TEXT, maker: TEXT, reason: TEXT, by: TEXT },
  words: 0,
  async run({ installation, required, text, print }) {
    const reason = REVOCATION_REASONS.find((one) => one === required('reason'));
    if (reason === undefined) throw new UsageError(`--reason is one of ${REVOCATION_REASONS.join(', ')}`);
    const by = `command line (${text('by') ?? 'nobody named'})`;
    const maker = required('maker');
    const udid = required('udid');
    if (!isUdid(udid)) {
      print(`${JSON.stringify(udid)} is no UDID; nothing was revoked`);
      return 1;
    }
    const revoked = await revokeDevice({ maker, udid, reason, by }, installation);
    if (!revoked.ok) {
      print(`no device ${udid} of ${maker} is bound or on a list; nothing was revoked`);
      for (const other of revoked.others) print(`did you mean --udid ${udid} --maker ${other}?`);
      return 1;
    }
    const { bindings, lists } = revoked;
    for (const list of lists) print(signedWords(list));
    print(bindings === 0 ? 'it was not bound; its UDID is refused from now on' : 'revoked');
    return 0;
  },
};

export const tombstoneLift: Command = {
  usage: 'tombstone lift --udid U --maker M --by NAME --reason TEXT',
  about: 'lets a revoked UDID and its keys be bound again; a named person answers for it',
  options: { udid: TEXT, maker: TEXT, by: TEXT, reason: TEXT },
  words: 0,
  async run({ installation, required, print }) {
    const lifted = await liftTombstones(
      { maker: required('maker'), udid: required('udid'), by: required('by'), reason: required('reason') },
      installation,
    );
    print(`${lifted} tombstones lifted`);
    return lifted === 0 ? 1 : 0;
  },
};
