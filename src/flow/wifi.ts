import type { WifiNetwork } from '../ports/device.ts';
import type { Trouble } from './install.ts';
import type { Step } from './run-flow.ts';

/** Bringing a device into a network, beside the way of a registration. The password is never part of a state. */
export type WifiFlowState =
  | { readonly at: 'scanning' }
  | {
      readonly at: 'choose';
      readonly networks: readonly WifiNetwork[];
      readonly trouble?: Trouble;
      /** What was tried last, so that only the password has to be typed again. */
      readonly tried?: string;
    }
  | { readonly at: 'joining'; readonly networks: readonly WifiNetwork[]; readonly ssid: string }
  | { readonly at: 'joined'; readonly ssid: string };

export type WifiFlowEvent =
  | { readonly on: 'scan_again' }
  | { readonly on: 'networks'; readonly networks: readonly WifiNetwork[] }
  | { readonly on: 'join'; readonly ssid: string; readonly password: string }
  | { readonly on: 'joined' }
  | { readonly on: 'failed'; readonly trouble: Trouble };

export type WifiFlowEffect =
  | { readonly do: 'scan' }
  | { readonly do: 'join'; readonly ssid: string; readonly password: string };

/** An SSID is at most 32 octets (IEEE 802.11-2020 section 9.4.2.2), a passphrase or key at most 64 characters. */
const LONGEST_SSID = 32;
const LONGEST_PASSWORD = 64;

type WifiStepResult = Step<WifiFlowState, WifiFlowEffect>;

export function wifi(state: WifiFlowState, event: WifiFlowEvent): WifiStepResult {
  switch (event.on) {
    case 'scan_again':
      return state.at === 'choose' ? to({ at: 'scanning' }, { do: 'scan' }) : to(state);
    case 'networks':
      return state.at === 'scanning' ? to({ at: 'choose', networks: event.networks }) : to(state);
    case 'join': {
      const { ssid, password } = event;
      const fits = ssid !== '' && octets(ssid) <= LONGEST_SSID && octets(password) <= LONGEST_PASSWORD;
      if (state.at !== 'choose' || !fits) return to(state);
      return to({ at: 'joining', networks: state.networks, ssid }, { do: 'join', ssid, password });
    }
    case 'joined':
      return state.at === 'joining' ? to({ at: 'joined', ssid: state.ssid }) : to(state);
    case 'failed':
      return fall(state, event.trouble);
  }
}

function fall(state: WifiFlowState, trouble: Trouble): WifiStepResult {
  switch (state.at) {
    case 'scanning':
      // Some firmware cannot scan: the name may still be typed.
      return to({ at: 'choose', networks: [], trouble });
    case 'joining':
      return to({ at: 'choose', networks: state.networks, trouble, tried: state.ssid });
    case 'choose':
      return to({ ...state, trouble });
    case 'joined':
      return to(state);
  }
}

function octets(text: string): number {
  return encodeURIComponent(text.toWellFormed()).replace(/%../g, '.').length;
}

function to(state: WifiFlowState, ...effects: WifiFlowEffect[]): WifiStepResult {
  return { state, effects };
}
