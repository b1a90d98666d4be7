import type { Change } from '../../contract/change.ts';
import { OAK_STREET } from './server.ts';
import { registrationOf, type TestDevice } from './server-device.ts';
import type { TestOperator } from './server-operator.ts';

/** What becomes of this person's registration of a device: for Oak Street unless told otherwise. */
export function register(
  by: TestOperator,
  device: TestDevice,
  changes: Parameters<typeof registrationOf>[2] = {},
  domain = OAK_STREET,
  org = 'northfield',
): Promise<Change> {
  return by.submit('registration+jws', registrationOf(device, domain, changes), org);
}
