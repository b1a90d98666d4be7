// One table of what may happen next in a registration, with its states and events: so it is long.
import type { ListRow } from '../../contract/list-row.ts';
import type { Check } from '../../core/evidence.ts';
import type { ChallengeParts } from '../../core/possession.ts';
import type { DeviceEvidence, DeviceIdentity, DriverTraits, LinkKind } from '../ports/device.ts';
import { canSubmitAsFound } from './failed-checks.ts';
import type { Act, StandingDevice, Wish } from './known-device.ts';
import type { PlaceInput, PlaceLocation } from './place.ts';
import type { Flow, Step } from './run-flow.ts';

/** Steps 1 to 6 of a registration (docs/way.md) as a table: what may happen next, and what is to be done for it. */

export type LabelSource = 'camera' | 'photo' | 'typed' | 'simulated';

/** A label that was read and looked up. Secrets never come this far. Some name no identity until the device has spoken. */
export interface ReadLabel {
  readonly how: LabelSource;
  readonly kind: string;
  readonly text: string;
  readonly udid?: string;
  readonly aliases: readonly string[];
  readonly publicKey?: Uint8Array;
  readonly model?: string;
  readonly row?: ListRow;
  /** Whose list it was looked up in: the organisation that lists it, else the person's first. */
  readonly org?: string;
  /** Where it stands by what this phone knows, or how a record of it was decided. */
  readonly known?: StandingDevice;
  /** What this visit is for, where a person said so. */
  readonly wish?: Wish;
}

export interface KnownLabel extends ReadLabel {
  readonly udid: string;
}

/** What the device said and gave, and what it was asked to sign. */
export interface DeviceReading {
  readonly link: LinkKind;
  readonly traits: DriverTraits;
  readonly identity: DeviceIdentity;
  readonly evidence: DeviceEvidence;
  readonly challenge?: ChallengeParts;
}

export interface ChosenPlace {
  /** The organisation whose domain it is. */
  readonly org: string;
  readonly domain: string;
  readonly site?: string;
  readonly siteTitle?: string;
  readonly position?: string;
  readonly location?: PlaceLocation;
  /** The device in whose place it stands from now on. */
  readonly instead?: StandingDevice;
  /** Stored already, by digest. */
  readonly photos?: readonly { readonly digest: string; readonly bytes: number }[];
}

export interface Trouble {
  /** A stable code; src/ui/words has its sentence and next action. */
  readonly code: string;
}

interface With<At extends string> {
  readonly at: At;
  readonly trouble?: Trouble;
}
export type InstallState =
  /** `wish`: which device, or in whose place another one, a person came here for. */
  | (With<'scan'> & { readonly wish?: Wish })
  | (With<'looking_up'> & { readonly how: LabelSource; readonly wish?: Wish })
  /** It stands somewhere already, or was decided about: what is to be done comes first. */
  | (With<'known'> & { readonly label: ReadLabel & { readonly known: StandingDevice } })
  /** `link`: the one tried last, after a trouble with it. */
  | (With<'pair'> & { readonly label: ReadLabel; readonly link?: LinkKind })
  | (With<'connecting'> & { readonly label: ReadLabel; readonly link: LinkKind })
  /** The driver is found and nothing was done yet: what this device can and cannot do is shown first. */
  | (With<'found'> & Found)
  /** Beside the way: the device is brought into a network. */
  | (With<'wifi'> & Found)
  | (With<'reading'> & Found)
  | (With<'checking'> & { readonly label: ReadLabel; readonly reading: DeviceReading })
  | (With<'checked'> & CheckedDevice)
  | (With<'place'> & CheckedDevice & Submission)
  | (With<'saving'> & CheckedDevice & Submission & { readonly place: ChosenPlace })
  | (With<'saved'> & { readonly record: string; readonly label: KnownLabel; readonly place: ChosenPlace });

/** `because`: why it is submitted although a check failed, in the person's words. */
export interface Submission {
  readonly asFound: boolean;
  readonly because?: string;
}

export interface CheckedDevice {
  /** The organisation whose list and tombstones it was held against. */
  readonly org: string;
  /** A training organisation, where simulated devices are bound. */
  readonly training: boolean;
  /** What was chosen on the place step so far: a step back and forth keeps it. */
  readonly chosen?: PlaceInput;
  /** Digest of the work pack that the checks were made with; the record names it. */
  readonly pack: string;
  readonly label: KnownLabel;
  readonly reading: DeviceReading;
  readonly checks: readonly Check[];
}

export interface Found {
  readonly label: ReadLabel;
  readonly link: LinkKind;
  readonly traits: DriverTraits;
  readonly challenge: ChallengeParts;
}

export type InstallEvent =
  | { readonly on: 'label_text'; readonly text: string; readonly how: LabelSource }
  | { readonly on: 'label_read'; readonly label: ReadLabel }
  | ({ readonly on: 'link_chosen'; readonly link: LinkKind } & Partial<ConnectWish>)
  | { readonly on: 'connected'; readonly traits: DriverTraits; readonly challenge: ChallengeParts }
  | { readonly on: 'read' }
  | { readonly on: 'set_up_wifi' }
  | { readonly on: 'device_read'; readonly reading: DeviceReading }
  | {
      readonly on: 'checked';
      readonly org: string;
      readonly training: boolean;
      readonly label: KnownLabel;
      readonly checks: readonly Check[];
      readonly pack: string;
    }
  | { readonly on: 'wished'; readonly act: Act }
  | { readonly on: 'go_on' }
  | { readonly on: 'submit_as_found'; readonly because: string }
  | { readonly on: 'placing'; readonly chosen: PlaceInput }
  | { readonly on: 'placed'; readonly place: ChosenPlace }
  | { readonly on: 'saved'; readonly record: string }
  | { readonly on: 'failed'; readonly trouble: Trouble }
  | { readonly on: 'next' }
  | { readonly on: 'back' };

/**
 * `another`: not the device the browser already knows. `newKey`: in place of one that has no certificate. `secTag`: where
 * the firmware looks for its certificate, as the person was told by support.
 */
interface ConnectWish {
  readonly another: boolean;
  readonly newKey: boolean;
  readonly secTag?: number;
}

export type InstallEffect =
  | { readonly do: 'look_up'; readonly text: string; readonly how: LabelSource }
  | ({ readonly do: 'connect'; readonly link: LinkKind; readonly label: ReadLabel } & ConnectWish)
  | { readonly do: 'read_device'; readonly label: ReadLabel; readonly challenge: ChallengeParts }
  /** `org`: against that organisation's list and tombstones, where it is not the label's. */
  | {
      readonly do: 'check';
      readonly label: ReadLabel;
      readonly reading: DeviceReading;
      readonly org?: string;
    }
  | ({ readonly do: 'save'; readonly checked: CheckedDevice; readonly place: ChosenPlace } & Submission)
  | { readonly do: 'stop_device_work' };

export const INSTALL_START: InstallState = { at: 'scan' };

export type InstallFlow = Flow<InstallState, InstallEvent>;

type InstallStep = Step<InstallState, InstallEffect>;

/** An event that means nothing in a state leaves it as it is: late answers of an abandoned step do no harm. */
export function install(state: InstallState, event: InstallEvent): InstallStep {
  switch (event.on) {
    case 'label_text':
      if (state.at !== 'scan' && state.at !== 'pair') return stay(state);
      return to(
        { at: 'looking_up', how: event.how, ...(state.at === 'scan' ? wishOf(state) : {}) },
        { do: 'look_up', text: event.text, how: event.how },
      );
    case 'label_read':
      return state.at === 'looking_up' ? to(afterLabel(event.label, state.wish)) : stay(state);
    case 'wished': {
      if (state.at !== 'known') return stay(state);
      const wish: Wish = { act: event.act, device: state.label.known };
      // The label of the other one comes next: this one stays where it is until then.
      if (event.act === 'replace') return to({ at: 'scan', wish });
      return to({ at: 'pair', label: { ...state.label, wish } });
    }
    case 'link_chosen':
      if (state.at !== 'pair') return stay(state);
      return to(
        { at: 'connecting', label: state.label, link: event.link },
        {
          do: 'connect',
          link: event.link,
          label: state.label,
          another: event.another ?? false,
          newKey: event.newKey ?? false,
          ...(event.secTag === undefined ? {} : { secTag: event.secTag }),
        },
      );
    case 'connected':
      if (state.at !== 'connecting') return stay(state);
      return to({ ...foundOf({ ...state, ...event }), at: 'found' });
    case 'read':
      return state.at === 'found' && state.traits.evidence !== 'none'
        ? to(
            { ...foundOf(state), at: 'reading' },
            { do: 'read_device', label: state.label, challenge: state.challenge },
          )
        : stay(state);
    case 'set_up_wifi':
      return state.at === 'found' && state.traits.wifi ? to({ ...foundOf(state), at: 'wifi' }) : stay(state);
    case 'device_read': {
      if (state.at !== 'reading') return stay(state);
      const { label } = state;
      return to(
        { at: 'checking', label, reading: event.reading },
        { do: 'check', label, reading: event.reading },
      );
    }
    case 'checked': {
      if (state.at === 'saving') return checkedElsewhere(state, event);
      if (state.at !== 'checking') return stay(state);
      const { org, training, label, checks, pack } = event;
      return to({ at: 'checked', org, training, label, reading: state.reading, checks, pack });
    }
    case 'go_on':
      // Only a failed check stops; what could not be checked here is queued and decided by the authority.
      return state.at === 'checked' && !hasFailed(state.checks)
        ? to({ ...checkedOf(state), at: 'place', asFound: false })
        : stay(state);
    case 'submit_as_found': {
      if (state.at !== 'checked' || event.because.trim() === '') return stay(state);
      if (!canSubmitAsFound(state.checks, state.reading, state.training)) return stay(state);
      return to({ ...checkedOf(state), at: 'place', asFound: true, because: event.because.trim() });
    }
    case 'placing':
      return state.at === 'place'
        ? to({ ...checkedOf(state), ...submissionOf(state), at: 'place', chosen: event.chosen })
        : stay(state);
    case 'placed':
      return state.at === 'place' ? place(state, event.place) : stay(state);
    case 'next':
      if (state.at === 'saved') return to(INSTALL_START, { do: 'stop_device_work' });
      // Where another label is what helps; what the visit is for stays.
      return state.at === 'pair' || state.at === 'checked'
        ? to({ at: 'scan', ...wishOf(state.label) }, { do: 'stop_device_work' })
        : stay(state);
    case 'saved':
      return state.at === 'saving'
        ? to({ at: 'saved', record: event.record, label: state.label, place: state.place })
        : stay(state);
    case 'failed':
      return fall(state, event.trouble);
    case 'back':
      return back(state);
  }
}

/** A label that was read for a purpose must be the one it was meant for; any other device says first what is known of it. */
function afterLabel(label: ReadLabel, wish: Wish | undefined): InstallState {
  const { known } = label;
  if (wish === undefined)
    return known === undefined ? { at: 'pair', label } : { at: 'known', label: { ...label, known } };
  const same = label.udid === wish.device.udid;
  if (wish.act === 'replace')
    return same
      ? { at: 'scan', wish, trouble: { code: 'same_device' } }
      : { at: 'pair', label: { ...label, wish } };
  // Without a name it tells after the device was read, and is compared then.
  return same || label.udid === undefined
    ? { at: 'pair', label: { ...label, known: known ?? wish.device, wish } }
    : { at: 'scan', wish, trouble: { code: 'another_device' } };
}

/** The organisation follows from the domain: in another one the device is held against that one's list before it is saved. */
function place(state: Extract<InstallState, { at: 'place' }>, chosen: ChosenPlace): InstallStep {
  const checked = checkedOf(state);
  const next = { ...checked, ...submissionOf(state), at: 'saving', place: chosen } as const;
  const { label, reading, org } = checked;
  return chosen.org === org
    ? to(next, { do: 'save', checked, ...submissionOf(state), place: chosen })
    : to(next, { do: 'check', label, reading, org: chosen.org });
}

/** What another organisation's list says. A failure there stops as any other does, with what was chosen kept. */
function checkedElsewhere(
  state: Extract<InstallState, { at: 'saving' }>,
  { org, training, label, checks, pack }: Extract<InstallEvent, { on: 'checked' }>,
): InstallStep {
  if (org !== state.place.org) return stay(state);
  const checked: CheckedDevice = { ...checkedOf(state), org, training, label, checks, pack };
  const passes = !hasFailed(checks) || (state.asFound && canSubmitAsFound(checks, state.reading, training));
  if (!passes) return to({ ...checked, at: 'checked' });
  const submission = hasFailed(checks) ? submissionOf(state) : { asFound: false };
  return to(
    { ...checked, ...submission, at: 'saving', place: state.place },
    { do: 'save', checked, ...submission, place: state.place },
  );
}

export function hasFailed(checks: readonly Check[]): boolean {
  return checks.some((check) => check.result === 'failed');
}

/** After a fault: the nearest step that can be tried again, with everything before it kept. */
function fall(state: InstallState, trouble: Trouble): InstallStep {
  switch (state.at) {
    case 'scan':
    case 'looking_up':
      return to({ at: 'scan', ...wishOf(state), trouble });
    case 'connecting':
    case 'found':
    case 'wifi':
    case 'reading':
      return to({ at: 'pair', label: state.label, link: state.link, trouble }, { do: 'stop_device_work' });
    case 'checking':
      return to(
        { at: 'pair', label: state.label, link: state.reading.link, trouble },
        { do: 'stop_device_work' },
      );
    case 'saving':
      return to({ ...checkedOf(state), ...submissionOf(state), at: 'place', trouble });
    case 'known':
    case 'pair':
    case 'checked':
    case 'place':
    case 'saved':
      return { state: { ...state, trouble }, effects: [] };
  }
}

function back(state: InstallState): InstallStep {
  switch (state.at) {
    case 'looking_up':
      return to({ at: 'scan', ...wishOf(state) }, { do: 'stop_device_work' });
    case 'scan':
    case 'known':
      return to(INSTALL_START, { do: 'stop_device_work' });
    case 'pair':
      return to(beforePair(state.label), { do: 'stop_device_work' });
    case 'wifi':
      return to({ ...foundOf(state), at: 'found' });
    case 'connecting':
    case 'found':
    case 'reading':
    case 'checking':
    case 'checked':
      return to({ at: 'pair', label: state.label }, { do: 'stop_device_work' });
    case 'place':
      return to({ ...checkedOf(state), at: 'checked' });
    case 'saving':
    case 'saved':
      return stay(state);
  }
}

function beforePair({ wish, ...label }: ReadLabel): InstallState {
  const { known } = label;
  if (wish?.act === 'replace') return { at: 'scan', wish };
  return known === undefined ? INSTALL_START : { at: 'known', label: { ...label, known } };
}

/** How many steps back lead out of the flow: each is one step back of the browser. */
export function depthOf(state: InstallState): number {
  switch (state.at) {
    case 'scan':
    case 'looking_up':
    case 'saved':
      return 0;
    case 'known':
      return 1;
    case 'pair':
      return pairDepth(state.label);
    case 'connecting':
    case 'found':
    case 'reading':
    case 'checking':
    case 'checked':
      return pairDepth(state.label) + 1;
    case 'wifi':
    case 'place':
    case 'saving':
      return pairDepth(state.label) + 2;
  }
}

function pairDepth(label: ReadLabel): number {
  return beforePair(label).at === 'known' ? 2 : 1;
}

/** The device that the step is about, and what the label said of it. */
export function labelOf(state: InstallState): ReadLabel | undefined {
  return 'label' in state ? state.label : undefined;
}

function wishOf(of: InstallState | ReadLabel): { readonly wish?: Wish } {
  return 'wish' in of && of.wish !== undefined ? { wish: of.wish } : {};
}

function submissionOf({ asFound, because }: Submission): Submission {
  return because === undefined ? { asFound } : { asFound, because };
}

function foundOf({ label, link, traits, challenge }: Found): Found {
  return { label, link, traits, challenge };
}

function checkedOf({ org, training, label, reading, checks, pack, chosen }: CheckedDevice): CheckedDevice {
  const checked = { org, training, label, reading, checks, pack };
  return chosen === undefined ? checked : { ...checked, chosen };
}

function to(state: InstallState, ...effects: InstallEffect[]): InstallStep {
  return { state, effects };
}

function stay(state: InstallState): InstallStep {
  return { state, effects: [] };
}

export type Resumable = Extract<InstallState, { readonly at: 'pair' | 'checked' | 'place' }>;

/** What a restart may resume from: data only. A half-open device session is read anew, never assumed. */
export function resumable(state: InstallState): Resumable | undefined {
  switch (state.at) {
    case 'scan':
    case 'looking_up':
    case 'known':
    case 'saved':
      return undefined;
    case 'pair':
    case 'connecting':
    case 'found':
    case 'wifi':
    case 'reading':
      return { at: 'pair', label: state.label };
    case 'checking':
    case 'checked':
      return state.at === 'checked'
        ? { ...checkedOf(state), at: 'checked' }
        : { at: 'pair', label: state.label };
    case 'place':
    case 'saving':
      return { ...checkedOf(state), ...submissionOf(state), at: 'place' };
  }
}
