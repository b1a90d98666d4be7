import { toInstant } from '../../../core/instant.ts';
import { fromPem } from '../../../core/pem.ts';
import { isUdid } from '../../../core/udid.ts';
import { deviceStates } from '../../authority/ra/custody/device-state.ts';
import { liftTombstones, revokeDevice } from '../../authority/ra/custody/revoke-device.ts';
import { orgOfCertificate, revokeCertificate, revokeSerial } from '../../authority/ra/found/revoke-found.ts';
import { parseIssuerName } from '../../ports/ca-names.ts';
import { REVOCATION_REASONS, type RevocationReason } from '../../ports/certificate-authority.ts';
import type { IssuerName } from '../../ports/issuer-name.ts';
import { type Command, type CommandCall, needOrg, UsageError } from './command.ts';
import { actorFor, orgsOfDevice, WHO } from './named-person.ts';
import { signedWords } from './signed-words.ts';
import { readText } from './text-files.ts';

const TEXT = { type: 'string' } as const;
/** Devices whose states are read together. */
const TOGETHER = 500;

export const devicesList: Command = {
  usage: 'devices [--org ORG] [--json]',
  about: 'bound devices',
  options: { org: TEXT, json: { type: 'boolean' } },
  words: 0,
  async run({ installation, text, flag, print }) {
    const { stores } = installation;
    const org = text('org');
    await needOrg(org, installation);
    const orgs = org === undefined ? (await stores.orgs.orgs()).map(({ name }) => name) : [org];
    for (const name of orgs) {
      const bindings = await stores.bindingHistory.ofOrg(name, 1_000_000);
      for (let from = 0; from < bindings.length; from += TOGETHER) {
        const some = bindings.slice(from, from + TOGETHER);
        for (const state of await deviceStates(some, name, stores, installation)) {
          const { maker, udid, domain, fingerprint } = state;
          const marks = [
            state.state,
            ...(state.unproven ? ['unproven'] : []),
            ...(state.firstUse ? ['first-use'] : []),
          ];
          if (flag('json')) print(JSON.stringify({ org: name, ...state }));
          else print(maker, udid, domain, marks.join(','), fingerprint);
        }
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
    await needOrg(text('org'), installation);
    const before = toInstant(installation.clock.now() + days * 24 * 3_600_000);
    for (const { binding, notAfter } of await installation.stores.liveBindings.due(before, 10_000)) {
      const { org, maker, udid, domain, site } = binding;
      if (text('org') === undefined || text('org') === org)
        print(notAfter, org, maker, udid, domain, site ?? '');
    }
    return 0;
  },
};

export const revoke: Command = {
  usage:
    'revoke (--udid U --maker M | --certificate FILE | --serial HEX --issuer NAME) --reason REASON [--by PERSON]',
  about:
    'revokes a device at once: certificate, binding, and tombstones over its UDID and key; or one certificate alone',
  options: { udid: TEXT, maker: TEXT, certificate: TEXT, serial: TEXT, issuer: TEXT, reason: TEXT, by: TEXT },
  words: 0,
  async run(call) {
    const { installation, required, text, print } = call;
    const reason = REVOCATION_REASONS.find((one) => one === required('reason'));
    if (reason === undefined) throw new UsageError(`--reason is one of ${REVOCATION_REASONS.join(', ')}`);
    if (['udid', 'certificate', 'serial'].filter((name) => text(name) !== undefined).length > 1)
      throw new UsageError('--udid, --certificate and --serial exclude each other');
    if (text('certificate') !== undefined || text('serial') !== undefined) return revokeOne(call, reason);
    const maker = required('maker');
    const udid = required('udid');
    if (!isUdid(udid)) {
      print(`${JSON.stringify(udid)} is no UDID; nothing was revoked`);
      return 1;
    }
    const by = await actorFor(call, await orgsOfDevice(maker, udid, installation.stores), WHO.custody);
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

/** One certificate, by its file or by its serial. */
async function revokeOne(call: CommandCall, reason: RevocationReason): Promise<number> {
  const { installation, text, required, print } = call;
  const file = text('certificate');
  const serial = text('serial');
  if (serial !== undefined && !/^[0-9a-f]{1,40}$/i.test(serial))
    throw new UsageError('--serial is a number in hex, without colons');
  const [der] = file === undefined ? [] : fromPem('CERTIFICATE', readText(file));
  if (file !== undefined && der === undefined) throw new UsageError(`${file} holds no certificate in PEM`);
  const issuer = serial === undefined ? undefined : parseIssuerName(required('issuer'));
  if (serial !== undefined && issuer === undefined)
    throw new UsageError('--issuer names an issuing CA (see: ca list)');
  const org =
    der !== undefined
      ? await orgOfCertificate(der, installation)
      : issuer && (await installation.stores.authorities.authority(issuer))?.org;
  const word = { reason, by: await actorFor(call, org ? [org] : [], WHO.custody) };
  const done =
    der !== undefined
      ? await revokeCertificate(der, word, installation)
      : await revokeSerial({ serial: serial ?? '', issuer: issuer as IssuerName }, word, installation);
  if (!done.ok) {
    print(
      done.why === 'revoked'
        ? 'it is revoked already'
        : 'no issuing CA of this installation signed it; nothing was revoked',
    );
    return 1;
  }
  for (const list of done.lists) print(signedWords(list));
  print(`revoked: serial ${done.serial}`);
  return 0;
}

export const tombstoneLift: Command = {
  usage: 'tombstone lift --udid U --maker M --by PERSON --reason TEXT',
  about: 'lets a revoked UDID and its keys be bound again; a named person answers for it',
  options: { udid: TEXT, maker: TEXT, by: TEXT, reason: TEXT },
  words: 0,
  async run(call) {
    const { installation, required, print } = call;
    const [maker, udid, reason] = [required('maker'), required('udid'), required('reason')];
    required('by');
    const by = await actorFor(call, await orgsOfDevice(maker, udid, installation.stores), WHO.desk);
    const lifted = await liftTombstones({ maker, udid, by, reason }, installation);
    print(`${lifted} tombstones lifted`);
    return lifted === 0 ? 1 : 0;
  },
};
