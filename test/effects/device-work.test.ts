import { describe, expect, test, vi } from 'vitest';
import { DeviceWork } from '../../src/effects/device-work.ts';
import { DeviceError } from '../../src/ports/device.ts';
import { bundle } from '../flow/events.ts';
import { FakeDevices } from './device.ts';

describe('one device at a time', () => {
  test('the chooser is reached in the turn of the tap', () => {
    const devices = new FakeDevices(true);
    void new DeviceWork(devices).open('serial');
    expect(devices.waiting.map(({ link }) => link)).toEqual(['serial']);
  });

  test('an earlier session is closed before the next is chosen', async () => {
    const devices = new FakeDevices();
    const work = new DeviceWork(devices);
    await work.open('serial');
    const first = devices.last;
    await work.open('bluetooth');
    expect([first.closed, devices.last.closed, work.link]).toEqual([1, 0, 'bluetooth']);
  });

  test('what the chooser gives after it was given up is closed, and never taken for the one opened since', async () => {
    const devices = new FakeDevices(true);
    const work = new DeviceWork(devices);
    const first = work.open('serial');
    await work.stop();
    const second = work.open('usb');
    const [one, two] = devices.waiting;
    const current = two?.choose();
    const late = one?.choose();
    await expect(first).rejects.toMatchObject({ code: 'aborted' });
    expect(await second).toBe(current);
    expect([late?.closed, current?.closed, work.link]).toEqual([1, 0, 'usb']);
  });

  test('reading gives link, traits, identity and evidence', async () => {
    const devices = new FakeDevices();
    const work = new DeviceWork(devices);
    await work.open('serial');
    const { traits, identity, device } = devices.last;
    expect(await work.read()).toEqual({ link: 'serial', traits, identity, evidence: device });
    expect(await work.holdsKey(device.publicKey)).toBe(true);
    expect(await work.holdsKey(new Uint8Array(3))).toBe(false);
    expect(await work.names()).toEqual(['SN 1']);
  });

  test('without a session every step says that the link is lost', async () => {
    const work = new DeviceWork(new FakeDevices());
    await expect(work.read()).rejects.toMatchObject({ name: 'DeviceError', code: 'link_lost' });
    await expect(work.holdsKey(new Uint8Array(1))).rejects.toMatchObject({ code: 'link_lost' });
    await expect(work.write(bundle, () => undefined)).rejects.toMatchObject({ code: 'link_lost' });
    expect(() => work.link).toThrow(DeviceError);
    await work.stop();
  });

  test('stopping aborts what is under way and gives the device back once', async () => {
    const devices = new FakeDevices();
    const work = new DeviceWork(devices);
    const session = await work.open('serial');
    const aborted = vi.fn();
    session.identify = (signal) => {
      signal.addEventListener('abort', aborted);
      return new Promise((_, reject) =>
        signal.addEventListener('abort', () => reject(new DeviceError('aborted'))),
      );
    };
    const reading = work.read();
    await work.stop();
    await work.stop();
    await expect(reading).rejects.toMatchObject({ code: 'aborted' });
    expect(aborted).toHaveBeenCalledOnce();
    expect(devices.last.closed).toBe(1);
  });
});

describe('a session kept open for a record', () => {
  test('is known by that record only, until it is given back', async () => {
    const work = new DeviceWork(new FakeDevices());
    work.keepOpenFor('r0');
    expect(work.connectedLink('r0')).toBeUndefined();
    await work.open('serial');
    work.keepOpenFor('r1');
    expect([work.connectedLink('r1'), work.connectedLink('r2')]).toEqual(['serial', undefined]);
    await work.open('serial');
    expect(work.connectedLink('r1')).toBeUndefined();
    work.keepOpenFor('r3');
    await work.stop();
    expect(work.connectedLink('r3')).toBeUndefined();
  });
});
