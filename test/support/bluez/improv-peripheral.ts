import type { ImprovDevice } from '../../../simulator/profiles/improv/improv-device.ts';
import type { FakeBluez } from './fake-bluez.ts';
import type { Air } from './gatt-objects.ts';
import type { Peripheral } from './peripheral.ts';

const SERVICE = '00467768-6228-2272-4663-277478268000';
/** By the last digit: state, error, command, result, capabilities (improv-wifi.com, ble.md). */
const characteristic = (digit: number) => `00467768-6228-2272-4663-27747826800${digit}`;
/** Can blink, tell of itself, and scan. */
const CAPABILITIES = 0b111;

/** Puts a simulated Improv device on the fake BlueZ. It takes no prepared writes: commands longer than a piece come in pieces. */
export function improvPeripheral(
  bluez: FakeBluez,
  device: ImprovDevice,
  address: string,
  air: Partial<Air> = {},
): Peripheral {
  let end: ReturnType<ImprovDevice['attachGatt']> | undefined;
  let error = 0;
  return bluez.add({
    address,
    name: 'Improv',
    service: SERVICE,
    air: { attMtu: 247, longWrites: false, ...air },
    characteristics: [
      { uuid: characteristic(1), flags: ['read', 'notify'], read: () => Uint8Array.of(device.state) },
      { uuid: characteristic(2), flags: ['read', 'notify'], read: () => Uint8Array.of(error) },
      {
        uuid: characteristic(3),
        flags: ['write'],
        async write(value) {
          end?.write(value);
          return new Uint8Array(0);
        },
      },
      { uuid: characteristic(4), flags: ['read', 'notify'] },
      { uuid: characteristic(5), flags: ['read'], read: () => Uint8Array.of(CAPABILITIES) },
    ],
    connected(notify) {
      error = 0;
      end = device.attachGatt((of, value) => {
        if (of === 2) error = value[0] ?? 0;
        notify(characteristic(of), value);
      });
    },
    disconnected() {
      end = undefined;
    },
  });
}
