import type { PlaceDomain } from '../flow/place.ts';
import { DraftBook } from './install-draft.ts';
import type { AppModel } from './model.ts';

/** The drafts of whoever is signed in. */
export function draftBook(model: AppModel): DraftBook {
  return new DraftBook(model.ports.drafts, {
    operator: model.enrolment.value?.credential.operator ?? '',
    app: model.ports.app,
    packs: () => model.workPacks.value.map(({ pack: { org }, digest }) => ({ org, digest })),
    now: () => model.ports.clock.now(),
  });
}

/** Every domain that this person may bind to; practice has its own. */
export function placeDomains(model: AppModel, practice: boolean): readonly PlaceDomain[] {
  const training = model.trainingPack.value;
  const packs = practice ? (training === undefined ? [] : [training]) : model.workPacks.value;
  return packs.flatMap(({ pack: { org, domains } }) => domains.map((domain) => ({ ...domain, org })));
}
