import { expectTypeOf, it } from 'vitest';
import type { GroupStores } from '../../server/ports/group-stores.ts';
import type { IssuerName, OrgName } from '../../server/ports/issuer-name.ts';
import type { Stores } from '../../server/ports/stores.ts';

// What is checked here is checked by the compiler (`npm run types`): a misuse does not come to a run.

it('lets a group only add rows of its own, and move what it has claimed', () => {
  // Ending a binding after opening it in one group would leave it live: its row is written at the group's end.
  // @ts-expect-error A group ends no binding.
  type _End = GroupStores['bindings']['end'];
  // @ts-expect-error Nor does it give one another key.
  type _Rekey = GroupStores['bindings']['rekey'];
  // @ts-expect-error A record that somebody may be at is reopened alone.
  type _Reopen = GroupStores['records']['reopen'];
  // @ts-expect-error An intent is abandoned alone.
  type _Abandon = GroupStores['intents']['abandon'];
  // @ts-expect-error Revoking is nothing for a group.
  type _Revoke = GroupStores['revocations'];
  // @ts-expect-error What a device has done since is written alone.
  type _Put = GroupStores['lineage']['put'];
  // @ts-expect-error Lists are imported elsewhere.
  type _List = GroupStores['listBulk'];
  // A transaction alone may do all that a group may, so that one piece of code serves both.
  expectTypeOf<Stores>().toExtend<GroupStores>();
});

it('tells the name of an issuing CA from that of an organisation', () => {
  expectTypeOf<IssuerName>().not.toExtend<OrgName>();
  expectTypeOf<OrgName>().not.toExtend<IssuerName>();
  expectTypeOf<string>().not.toExtend<IssuerName>();
  expectTypeOf<string>().toExtend<OrgName>();
});
