import type { Right } from '../../../contract/entitlements.ts';
import type { Role } from '../../../contract/operator.ts';

/** What people of each role may do, in sentences; a right or a role without one does not compile. */
export const rightWords = {
  roles: {
    installer: 'Installer',
    owner: 'Owner',
    support: 'Support',
    approver: 'Approver',
    administrator: 'Administrator',
  } satisfies Record<Role, string>,
  /** In a sentence, with its article. */
  asRole: {
    installer: 'an installer',
    owner: 'an owner',
    support: 'a support person',
    approver: 'an approver',
    administrator: 'an administrator',
  } satisfies Record<Role, string>,
  rights: {
    bind: 'Bind devices, write their certificates and correct where they stand',
    look: 'See the organisation’s devices and photos',
    practise: 'Practise with simulated devices in a training organisation',
    end_devices: 'Suspend, resume, replace, retire and revoke devices',
    give_devices_up: 'Decide about claims of other organisations on devices',
    decide_records: 'Decide about records that are held',
    see_phones: 'See which phones have records that were not sent',
    manage_people: 'Invite people, change what they may do, and end their phones and sessions',
    manage_installation:
      'Make organisations, invite their first administrators, and let people of several in again',
  } satisfies Record<Right, string>,
  /** Four eyes: what somebody with the right still does not do alone. */
  othersOnly: {
    give_devices_up: 'but about none that one claimed oneself',
    decide_records: 'but about nothing that one captured oneself',
    manage_people: 'but agree to no invitation of one’s own',
    manage_installation: 'but agree to no invitation of one’s own',
  } satisfies Partial<Record<Right, string>> as Partial<Record<Right, string>>,
} as const;
