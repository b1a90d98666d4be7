import type { AppModel } from './model.ts';

/** Unsent records on this phone, by the name of whose they are; empty where nobody knows. */
export interface WaitingHere {
  readonly operator?: string;
  readonly name: string;
  readonly unsent: number;
}

/** Of everybody who worked on this phone, the one whose lists it shows first. */
export function waitingHere(model: AppModel): readonly WaitingHere[] {
  const others = model.devices.value?.others ?? [];
  const own = (model.summary.value?.unsent ?? 0) - others.reduce((sum, { unsent }) => sum + unsent, 0);
  const { operator, name } = model.enrolment.value?.credential ?? {};
  return own > 0 && operator !== undefined && name !== undefined
    ? [{ operator, name, unsent: own }, ...others]
    : others;
}
