import {
  type LifeFault,
  type OwnDevice,
  resumeDevice,
  retireDevice,
  suspendDevice,
  type Word,
} from '../../authority/ra/custody/device-life.ts';
import { type ReplaceFault, replaceDevice } from '../../authority/ra/custody/replace-device.ts';
import type { SignedCrl } from '../../ports/crls.ts';
import { SAID_REASONS } from '../../ports/device-life.ts';
import { type Command, type CommandCall, UsageError } from './command.ts';
import { wordOf } from './named-person.ts';
import { signedWords } from './signed-words.ts';

const TEXT = { type: 'string' } as const;
const DEVICE = { udid: TEXT, maker: TEXT, by: TEXT, because: TEXT } as const;

const WHY: Record<LifeFault | ReplaceFault, string> = {
  not_found: 'no such device is bound',
  not_ready: 'its certificate is still being issued',
  suspended: 'it is suspended already',
  not_suspended: 'it is not suspended',
  four_eyes: 'whoever reported it lost cannot resume it: somebody else signs in and resumes it at the desk',
  sign_in_needed:
    'it was reported lost, and two eyes are two sign-ins: a person other than who reported it signs in and resumes it at the desk, or over the API',
  with_unknown: 'the new device is not bound in the same organisation: register it first',
  with_elsewhere: 'the new device is bound to another domain than the old one',
  with_taken: 'the new device took another one’s place already: retire the old one instead',
};

type ActResult =
  | { readonly ok: true; readonly lists: readonly SignedCrl[] }
  | { readonly ok: false; readonly why: LifeFault | ReplaceFault };

/** Does something with the device that the options name, in the organisation where it is bound, on somebody's word there. */
async function onDevice(
  call: CommandCall,
  message: string,
  work: (device: OwnDevice, word: Word) => Promise<ActResult>,
): Promise<number> {
  const { installation, required, print } = call;
  const [maker, udid] = [required('maker'), required('udid')];
  const [bound, another] = await installation.stores.liveBindings.named(maker, udid);
  const org = bound?.org;
  if (org === undefined || another !== undefined) {
    print(
      org === undefined
        ? WHY.not_found
        : 'several organisations have a device of this name: decide at the desk',
    );
    return 1;
  }
  const done = await work({ org, maker, udid }, await wordOf(call, [org]));
  if (!done.ok) {
    print(WHY[done.why]);
    return 1;
  }
  print([message, ...done.lists.map(signedWords)].join('; '));
  return 0;
}

export const deviceSuspend: Command = {
  usage: 'device suspend --udid U --maker M --reason REASON --by PERSON --because TEXT',
  about: 'puts its certificate on hold at once (lost, maintenance)',
  options: { ...DEVICE, reason: TEXT },
  words: 0,
  async run(call) {
    const reason = SAID_REASONS.find((one) => one === call.required('reason'));
    if (reason === undefined) throw new UsageError(`--reason is one of ${SAID_REASONS.join(', ')}`);
    return onDevice(call, 'suspended', (device, word) =>
      suspendDevice(device, reason, word, call.installation),
    );
  },
};

export const deviceResume: Command = {
  usage: 'device resume --udid U --maker M --by PERSON --because TEXT',
  about: 'takes its certificate off hold after maintenance; a lost device is resumed by a signed-in person',
  options: DEVICE,
  words: 0,
  async run(call) {
    return onDevice(call, 'resumed', (device, word) => resumeDevice(device, word, call.installation));
  },
};

export const deviceRetire: Command = {
  usage: 'device retire --udid U --maker M --by PERSON --because TEXT',
  about: 'ends its binding and certificate; it may be bound again',
  options: DEVICE,
  words: 0,
  async run(call) {
    return onDevice(call, 'retired', (device, word) => retireDevice(device, word, call.installation));
  },
};

export const deviceReplace: Command = {
  usage: 'device replace --udid U --maker M --with U [--with-maker M] --by PERSON --because TEXT',
  about: 'a new device, bound already in the same domain, takes its place: site and position go over',
  options: { ...DEVICE, with: TEXT, 'with-maker': TEXT },
  words: 0,
  async run(call) {
    const successor = {
      udid: call.required('with'),
      maker: call.text('with-maker') ?? call.required('maker'),
    };
    return onDevice(call, 'replaced', (device, word) =>
      replaceDevice(device, successor, word, call.installation),
    );
  },
};
