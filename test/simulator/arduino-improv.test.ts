import { expect, it } from 'vitest';
import { ArduinoBoard } from '../../simulator/profiles/arduino/arduino-board.ts';
import { newDeviceState } from '../../simulator/profiles/device-state.ts';
import { ImprovDevice } from '../../simulator/profiles/improv/improv-device.ts';

const hex = (text: string) => new Uint8Array(Buffer.from(text.replaceAll(' ', ''), 'hex'));

/** What a device says to these writes, each awaited. */
async function said(device: ArduinoBoard | ImprovDevice, writes: readonly string[]): Promise<string> {
  const heard: Uint8Array[] = [];
  const end = device.attachUart(
    (bytes) => heard.push(bytes),
    () => undefined,
  );
  for (const write of writes) await end.send(hex(write));
  end.detach();
  return Buffer.concat(heard).toString('hex');
}

// Frames of test/fixtures/vectors/arduino.json, which our framing did not make.
const BEGIN = '55aa03000301e1f1aa55';
const VERSION = '55aa02000ada000120038118c85699aa55';

it('an Arduino board is deaf until it is connected to, and then throws what waits away with a wrong frame', async () => {
  const board = await ArduinoBoard.start({ state: await newDeviceState('arduino-1') });
  expect(await said(board, [VERSION])).toBe('');
  expect(await said(board, [BEGIN, VERSION])).toMatch(/^55aa02.*da0001201581.*aa55$/);
  expect(await said(board, [`0d0a0d0a0d${BEGIN}`, VERSION])).toBe('');
  expect(await said(board, [BEGIN, `0102030405${VERSION}`, VERSION])).toMatch(/^55aa03000303c2e3aa5555aa02/);
});

it('an Improv device answers the published request for its state, and refuses a wrong sum', async () => {
  const state = '494d50524f560103020200e5';
  expect(await said(new ImprovDevice(), [`${state}0a`])).toContain('494d50524f56010101');
  expect(await said(new ImprovDevice(), [`${state.slice(0, -2)}00`])).toContain('494d50524f5601020101');
});
