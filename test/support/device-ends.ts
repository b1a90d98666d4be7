import type { EspClaimDevice } from '../../simulator/profiles/esp/esp-device.ts';
import { ESP_SERVICE, endpointsOf } from '../../simulator/profiles/esp/firmware.ts';
import type { ImprovDevice } from '../../simulator/profiles/improv/improv-device.ts';
import {
  GATT_CHARACTERISTIC,
  GATT_SERVICE,
  type ZephyrCredDevice,
} from '../../simulator/profiles/zephyr-cred.ts';
import type { GattEnd } from './device-wire.ts';

/** Bluetooth ends of the simulated devices, each with the rules of its characteristics. */
export function smpEnd(device: ZephyrCredDevice): GattEnd {
  return {
    service: GATT_SERVICE,
    characteristics: new Map([[GATT_CHARACTERISTIC, '']]),
    connect(notify, onCut) {
      const end = device.attachGatt((value) => notify(GATT_CHARACTERISTIC, value), onCut);
      return {
        read: async () => new Uint8Array(0),
        async write(_, value) {
          // Beyond the MTU a real link loses the value without a word.
          end.write(value);
          await end.settled();
          return true;
        },
        detach: () => end.detach(),
      };
    },
  };
}

export function espEnd(device: EspClaimDevice): GattEnd {
  const endpoints = endpointsOf(device.firmware);
  return {
    service: ESP_SERVICE,
    characteristics: new Map(endpoints.map(([name, uuid]) => [uuid, device.firmware.describes ? name : ''])),
    connect(_, onCut) {
      const connection = device.connect(onCut);
      const answers = new Map<string, Uint8Array>();
      return {
        read: async (uuid) => answers.get(uuid) ?? new Uint8Array(0),
        async write(uuid, value) {
          const name = endpoints.find(([, one]) => one === uuid)?.[0];
          const answer = name === undefined ? undefined : await connection.request(name, value);
          if (answer !== undefined) answers.set(uuid, answer);
          return answer !== undefined;
        },
        detach: () => connection.close(),
      };
    },
  };
}

const IMPROV_SERVICE = '00467768-6228-2272-4663-277478268000';
const improvUuid = (number: number) => `00467768-6228-2272-4663-27747826800${number}`;

export function improvEnd(device: ImprovDevice): GattEnd {
  return {
    service: IMPROV_SERVICE,
    characteristics: new Map([1, 2, 3, 4, 5].map((number) => [improvUuid(number), ''])),
    connect(notify) {
      const end = device.attachGatt((of, value) => notify(improvUuid(of), value));
      return {
        read: (uuid) => end.read(Number(uuid.at(-1))),
        async write(_, value) {
          end.write(value);
          return true;
        },
        detach: () => undefined,
      };
    },
  };
}
