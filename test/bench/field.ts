import { setTimeout } from 'node:timers/promises';
import type { Installation } from '../../server/installation.ts';
import { OAK_STREET } from '../support/server.ts';
import { makeDevice, registrationOf, rowOf, type TestDevice } from '../support/server-device.ts';
import { signInAs, type TestOperator } from '../support/server-operator.ts';

/** Phones with batches that wait to be sent: everything a client does beforehand is done. */
export interface Phone {
  readonly operator: TestOperator;
  readonly batches: readonly (readonly string[])[];
}

export async function makeDevices(count: number): Promise<TestDevice[]> {
  const devices: TestDevice[] = [];
  for (let n = 0; n < count; n++) devices.push(await makeDevice());
  return devices;
}

export const rowsOf = (devices: readonly TestDevice[]) => devices.map((device) => rowOf(device));

/** Shares the devices out among phones of one installer, and signs a registration of each. */
export async function loadPhones(
  urls: readonly string[],
  devices: readonly TestDevice[],
  { phones, batch }: { readonly phones: number; readonly batch: number },
): Promise<Phone[]> {
  const each = Math.ceil(devices.length / phones);
  const out: Phone[] = [];
  for (let n = 0; n < phones; n++) {
    const operator = await signInAs(urls[n % urls.length] ?? '', 'ines');
    const records: string[] = [];
    for (const device of devices.slice(n * each, (n + 1) * each)) {
      const sealed = await operator.seal(
        'registration+jws',
        registrationOf(device, OAK_STREET, {
          label: { how: 'camera', kind: 'qr', text: device.udid, aliases: [] },
        }),
        'northfield',
      );
      records.push(sealed.jws);
    }
    const batches: string[][] = [];
    for (let from = 0; from < records.length; from += batch) batches.push(records.slice(from, from + batch));
    out.push({ operator, batches });
  }
  return out;
}

/** Sends everything, each phone one batch after another, phones side by side. Gives milliseconds of each request. */
export async function sendAll(phones: readonly Phone[]): Promise<number[]> {
  const times: number[] = [];
  await Promise.all(
    phones.map(async ({ operator, batches }) => {
      for (const batch of batches) {
        const start = performance.now();
        const { results } = await operator.send(batch);
        times.push(performance.now() - start);
        const lost = results.find(({ status }) => status !== 'received');
        if (lost !== undefined) throw new Error(`not received: ${lost.code ?? lost.status}`);
      }
    }),
  );
  return times;
}

/** Waits until the stream of outcomes holds this many, seen in the database itself: phones are not part of this. */
export async function waitBound({ stores }: Pick<Installation, 'stores'>, count: number): Promise<void> {
  for (let seen = 0; seen < count; ) {
    const page = await stores.changes.after('northfield', seen, 1000);
    const other = page.find(({ change }) => change.outcome !== 'bound');
    if (other !== undefined) throw new Error(`${other.change.outcome}: ${other.change.code}`);
    seen += page.length;
    if (page.length === 0) await setTimeout(20);
  }
}
