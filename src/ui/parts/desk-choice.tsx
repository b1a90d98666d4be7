import { signal } from '@preact/signals';
import type { AppModel } from '../model.ts';
import { useModel } from '../model-context.ts';
import { sayInAddress } from '../say-in-address.ts';
import { deskWords as say } from '../words/desk.ts';

/** The desk that a person chose, for as long as the page is open. */
const chosen = signal<string | undefined>(undefined);

/** The organisation whose desk is shown: the one in the address, the one chosen last, else the first. */
export function deskOrg(model: AppModel): string {
  const desks = model.desks.value;
  const asked = new URLSearchParams(location.search).get('org');
  const names = [asked, chosen.value].filter((name) => desks.some(({ org }) => org === name));
  // Whoever owns devices looks after their own without a desk.
  return names[0] ?? desks[0]?.org ?? model.membership.value?.org ?? '';
}

/** Which organisation's desk; nothing where a person sits at one alone. */
export function DeskChoice() {
  const model = useModel();
  const desks = model.desks.value;
  const here = deskOrg(model);
  if (desks.length < 2) return null;
  return (
    <fieldset class="filters" aria-label={say.organisation} data-part="desk-choice">
      {desks.map(({ org, title, training }) => (
        <button
          type="button"
          class="button"
          key={org}
          data-org={org}
          aria-pressed={org === here}
          onClick={() => {
            sayInAddress({ org, find: undefined });
            chosen.value = org;
          }}
        >
          {training ? say.training(title) : title}
        </button>
      ))}
    </fieldset>
  );
}
