import type { ListRow } from '../../contract/list-row.ts';
import type { Check } from '../../core/evidence.ts';
import type { ChallengeParts } from '../../core/possession.ts';
import type { DeviceEvidence, DeviceIdentity, DriverTraits, LinkKind } from '../ports/device.ts';
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
  /** When this device was last saved on this phone, if it was. */
  readonly savedBefore?: { readonly record: string; readonly at: number; readonly title: string };
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
  readonly domain: string;
  readonly site?: string;
  readonly siteTitle?: string;
  readonly position?: string;
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
  | With<'scan'>
  | (With<'looking_up'> & { readonly how: LabelSource })
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
  | (With<'place'> & CheckedDevice & { readonly asFound: boolean })
  | (With<'saving'> & CheckedDevice & { readonly asFound: boolean; readonly place: ChosenPlace })
  | (With<'saved'> & { readonly record: string; readonly udid: string });

export interface CheckedDevice {
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
      readonly label: KnownLabel;
      readonly checks: readonly Check[];
      readonly pack: string;
    }
  | { readonly on: 'go_on' }
  | { readonly on: 'submit_as_found' }
  | { readonly on: 'placed'; readonly place: ChosenPlace }
  | { readonly on: 'saved'; readonly record: string }
  | { readonly on: 'failed'; readonly trouble: Trouble }
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
  | { readonly do: 'check'; readonly label: ReadLabel; readonly reading: DeviceReading }
  | {
      readonly do: 'save';
      readonly checked: CheckedDevice;
      readonly asFound: boolean;
      readonly place: ChosenPlace;
    }
  | { readonly do: 'stop_device_work' };

export const INSTALL_START: InstallState = { at: 'scan' };

export type InstallFlow = Flow<InstallState, InstallEvent>;

type InstallStep = Step<InstallState, InstallEffect>;

/** An event that means nothing in a state leaves it as it is: late answers of an abandoned step do no harm. */
export function install(state: InstallState, event: InstallEvent): InstallStep {
  switch (event.on) {
    case 'label_text':
      if (state.at !== 'scan' && state.at !== 'pair') return stay(state);
      return to({ at: 'looking_up', how: event.how }, { do: 'look_up', text: event.text, how: event.how });
    case 'label_read':
      return state.at === 'looking_up' ? to({ at: 'pair', label: event.label }) : stay(state);
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
    case 'checked':
      if (state.at !== 'checking') return stay(state);
      return to({
        at: 'checked',
        label: event.label,
        reading: state.reading,
        checks: event.checks,
        pack: event.pack,
      });
    case 'go_on':
      // Only a failed check stops; what could not be checked here is queued and decided by the authority.
      return state.at === 'checked' && !hasFailed(state.checks)
        ? to({ ...checkedOf(state), at: 'place', asFound: false })
        : stay(state);
    case 'submit_as_found':
      return state.at === 'checked' ? to({ ...checkedOf(state), at: 'place', asFound: true }) : stay(state);
    case 'placed': {
      if (state.at !== 'place') return stay(state);
      const { asFound } = state;
      const checked = checkedOf(state);
      const { place } = event;
      return to({ ...checked, at: 'saving', asFound, place }, { do: 'save', checked, asFound, place });
    }
    case 'saved':
      return state.at === 'saving'
        ? to({ at: 'saved', record: event.record, udid: state.label.udid })
        : stay(state);
    case 'failed':
      return fall(state, event.trouble);
    case 'back':
      return back(state);
  }
}

export function hasFailed(checks: readonly Check[]): boolean {
  return checks.some((check) => check.result === 'failed');
}

/** After a fault: the nearest step that can be tried again, with everything before it kept. */
function fall(state: InstallState, trouble: Trouble): InstallStep {
  switch (state.at) {
    case 'scan':
    case 'looking_up':
      return to({ at: 'scan', trouble });
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
      return to({ ...checkedOf(state), at: 'place', asFound: state.asFound, trouble });
    case 'pair':
    case 'checked':
    case 'place':
    case 'saved':
      return { state: { ...state, trouble }, effects: [] };
  }
}

function back(state: InstallState): InstallStep {
  switch (state.at) {
    case 'scan':
    case 'looking_up':
    case 'pair':
      return to(INSTALL_START, { do: 'stop_device_work' });
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

function foundOf({ label, link, traits, challenge }: Found): Found {
  return { label, link, traits, challenge };
}

function checkedOf({ label, reading, checks, pack }: CheckedDevice): CheckedDevice {
  return { label, reading, checks, pack };
}

function to(state: InstallState, ...effects: InstallEffect[]): InstallStep {
  return { state, effects };
}

function stay(state: InstallState): InstallStep {
  return { state, effects: [] };
}

/** What a restart may resume from: data only. A half-open device session is read anew, never assumed. */
export function resumable(state: InstallState): InstallState | undefined {
  switch (state.at) {
    case 'scan':
    case 'looking_up':
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
      return { ...checkedOf(state), at: 'place', asFound: state.asFound };
  }
}
