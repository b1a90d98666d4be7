import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { acmFunction } from '../../../src/device/links/acm-function.ts';
import { openPort } from '../../../src/device/links/port-link.ts';
import { UsbPort } from '../../../src/device/links/usb-port.ts';
import { FakeClock } from '../../support/device-clock.ts';
import { signal } from '../../support/device-code.ts';

// What no emulated board does: stalls, overruns, short writes, odd descriptors. The rest is in test/e2e/web-usb.e2e.ts.
const bus = new EventTarget();
beforeAll(() => Object.defineProperty(navigator, 'usb', { value: bus, configurable: true }));
afterAll(() => Reflect.deleteProperty(navigator, 'usb'));

const bulk = (endpointNumber: number, direction: 'in' | 'out') => ({
  endpointNumber,
  direction,
  type: 'bulk',
  packetSize: 64,
});
const face = (
  interfaceNumber: number,
  [interfaceClass, interfaceSubclass]: readonly number[],
  endpoints: object[],
) => ({
  interfaceNumber,
  alternates: [{ alternateSetting: 0, interfaceClass, interfaceSubclass, interfaceProtocol: 0, endpoints }],
});
const SERIAL = [face(0, [2, 2], []), face(1, [10, 0], [bulk(2, 'in'), bulk(3, 'out')])];

type Result = Partial<USBInTransferResult> | Error;

/** A device whose reads end as told, and then wait; `said` is what was asked of it. */
function usbDevice(options: {
  interfaces?: object[];
  reads?: Result[];
  write?: object | Error;
  claim?: Error;
}) {
  const said: string[] = [];
  const reads = [...(options.reads ?? [])];
  let opened = false;
  const device = {
    configurations: [{ configurationValue: 1, interfaces: options.interfaces ?? SERIAL }],
    configuration: { configurationValue: 1 },
    get opened() {
      return opened;
    },
    open: async () => {
      opened = true;
    },
    close: async () => {
      opened = false;
    },
    claimInterface: async (number: number) => {
      said.push(`claim ${number}`);
      if (options.claim !== undefined) throw options.claim;
    },
    controlTransferOut: async () => ({ status: 'ok', bytesWritten: 0 }),
    clearHalt: async (direction: string) => void said.push(`clear ${direction}`),
    transferIn: async () => {
      const next = reads.shift();
      if (next === undefined) return new Promise(() => undefined);
      if (next instanceof Error) throw next;
      return next;
    },
    transferOut: async () => {
      if (options.write instanceof Error) throw options.write;
      return options.write;
    },
  };
  return { device: device as unknown as USBDevice, said };
}

async function opened(options: Parameters<typeof usbDevice>[0]) {
  const { device, said } = usbDevice(options);
  const port = new UsbPort(device);
  await port.open({ baudRate: 115_200, bufferSize: 4_096 });
  return { port, said, reader: port.readable?.getReader() };
}

const ok = (...bytes: number[]): Result => ({
  status: 'ok',
  data: new DataView(Uint8Array.from(bytes).buffer),
});
const stall: Result = { status: 'stall' };
const lost = { name: 'NetworkError', message: 'The device has been lost.' };

describe('reading', () => {
  it('clears a stalled endpoint and reads on, past transfers without a byte', async () => {
    const { reader, said } = await opened({ reads: [stall, ok(), ok(1, 2)] });
    expect((await reader?.read())?.value).toEqual(Uint8Array.of(1, 2));
    expect(said).toContain('clear in');
  });

  it.each([
    { name: 'stalls for ever', reads: Array.from({ length: 100 }, () => stall) },
    { name: 'sends more than was asked for', reads: [{ status: 'babble' } as Result] },
    { name: 'fails', reads: [new DOMException('A transfer error has occurred.', 'NetworkError')] },
    { name: 'is gone', reads: [new DOMException('The device was disconnected.', 'NotFoundError')] },
  ])('ends by Web Serial’s own error when it $name', async ({ reads }) => {
    const { port, reader, said } = await opened({ reads });
    await expect(reader?.read()).rejects.toMatchObject(lost);
    expect(port.readable).toBeNull();
    expect(said.filter((word) => word === 'clear in').length).toBeLessThan(9);
  });
});

describe('writing', () => {
  it.each([
    { name: 'less than all was taken', write: { status: 'ok', bytesWritten: 1 } },
    { name: 'the endpoint stalls', write: { status: 'stall', bytesWritten: 0 } },
    { name: 'the device is gone', write: new DOMException('', 'NotFoundError') },
  ])('ends by the same error when $name', async ({ write }) => {
    const { port } = await opened({ write });
    const writer = port.writable?.getWriter();
    await expect(writer?.write(Uint8Array.of(1, 2))).rejects.toMatchObject(lost);
    expect(port.writable).not.toBeNull();
  });
});

describe('opening', () => {
  it('tells what the browser threw, not the polyfill’s text of it', async () => {
    const refusal = new DOMException('Access denied.', 'SecurityError');
    const { device } = usbDevice({ claim: refusal });
    const port = new UsbPort(device);
    await expect(port.open({ baudRate: 115_200, bufferSize: 4_096 })).rejects.toBe(refusal);
    expect(device.opened).toBe(false);
  });

  it('calls a device lost that was pulled out meanwhile', async () => {
    const gone = new DOMException('The device was disconnected.', 'NotFoundError');
    const port = new UsbPort(usbDevice({ claim: gone }).device);
    const opening = openPort(port, 'usb', new FakeClock(), signal());
    await expect(opening).rejects.toMatchObject({ code: 'link_lost' });
  });

  it('refuses a device without a serial port', () => {
    const { device } = usbDevice({ interfaces: [face(0, [3, 1], [])] });
    expect(() => new UsbPort(device)).toThrow(expect.objectContaining({ code: 'link_refused' }));
  });

  it('takes the serial port’s own interfaces where there are others of the same classes', async () => {
    const network = [
      face(0, [2, 13], []),
      face(1, [10, 0], []),
      face(5, [10, 0], [bulk(7, 'in'), bulk(8, 'out')]),
    ];
    const second = [face(6, [2, 2], []), face(7, [10, 0], [bulk(1, 'in'), bulk(1, 'out')])];
    const interfaces = [
      ...network,
      face(2, [2, 2], []),
      face(3, [10, 0], [bulk(4, 'in'), bulk(5, 'out')]),
      ...second,
    ];
    const { device, said } = usbDevice({ interfaces });
    expect(acmFunction(device)?.input.endpointNumber).toBe(4);
    await new UsbPort(device).open({ baudRate: 115_200, bufferSize: 4_096 });
    expect(said).toEqual(['claim 2', 'claim 3']);
  });
});
