import type { Membership } from '../../contract/operator.ts';
import type { AppModel } from './model.ts';

/** The organisation whose people are shown: the one in the address, else the first that this person may say so for. */
export function peopleOrg(model: AppModel): Membership | undefined {
  const may = model.orgsWith('manage_people');
  const asked = new URLSearchParams(location.search).get('org');
  return may.find(({ org }) => org === asked) ?? may[0];
}
