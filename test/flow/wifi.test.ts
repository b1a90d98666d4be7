import { expect, test } from 'vitest';
import { type WifiFlowEvent, type WifiFlowState, wifi } from '../../src/flow/wifi.ts';

const networks = [{ ssid: 'Site 12', rssi: -50, needsPassword: true }];
const trouble = { code: 'wifi_password_wrong' };
const choose: WifiFlowState = { at: 'choose', networks };
const join: WifiFlowEvent = { on: 'join', ssid: 'Site 12', password: 'correct horse' };

test('looks, joins and is done', () => {
  const looking = wifi({ at: 'choose', networks: [] }, { on: 'scan_again' });
  expect(looking).toEqual({ state: { at: 'scanning' }, effects: [{ do: 'scan' }] });
  expect(wifi(looking.state, { on: 'networks', networks }).state).toEqual(choose);
  const joining = wifi(choose, join);
  expect(joining.effects).toEqual([{ do: 'join', ssid: 'Site 12', password: 'correct horse' }]);
  expect(wifi(joining.state, { on: 'joined' }).state).toEqual({ at: 'joined', ssid: 'Site 12' });
});

test('no state ever holds a password', () => {
  expect(JSON.stringify(wifi(choose, join).state)).not.toContain('correct horse');
});

test('after a wrong password the network is still chosen, and after a failed look its name can be typed', () => {
  const { state } = wifi(choose, join);
  expect(wifi(state, { on: 'failed', trouble }).state).toEqual({
    at: 'choose',
    networks,
    trouble,
    tried: 'Site 12',
  });
  expect(wifi({ at: 'scanning' }, { on: 'failed', trouble }).state).toEqual({
    at: 'choose',
    networks: [],
    trouble,
  });
});

test.each<[string, string]>([
  ['', 'x'],
  ['ü'.repeat(17), 'x'],
  ['Site 12', 'x'.repeat(65)],
])('nothing is sent that no network has (%s)', (ssid, password) => {
  expect(wifi(choose, { on: 'join', ssid, password })).toEqual({ state: choose, effects: [] });
});

test.each<WifiFlowState>([
  { at: 'scanning' },
  choose,
  { at: 'joining', networks, ssid: 'Site 12' },
  { at: 'joined', ssid: 'Site 12' },
])('an answer of another step changes nothing: $at', (state) => {
  const late: WifiFlowEvent[] = [{ on: 'networks', networks: [] }, { on: 'joined' }];
  for (const event of late) {
    const expected = event.on === 'networks' ? 'scanning' : 'joining';
    if (state.at !== expected) expect(wifi(state, event)).toEqual({ state, effects: [] });
  }
});
