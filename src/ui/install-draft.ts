import { CHECKS } from '../../contract/codes.ts';
import { isUdid } from '../../core/udid.ts';
import {
  type InstallState,
  type LabelSource,
  type ReadLabel,
  type Resumable,
  resumable,
} from '../flow/install.ts';
import { ACTS, type Wish } from '../flow/known-device.ts';
import type { LastPlace } from '../flow/place.ts';
import { type Drafts, INSTALL_DRAFT, LAST_PLACE } from '../ports/drafts.ts';

/** Whose work a draft is, and by which packs it may have been looked up and checked. */
export interface DraftOwner {
  readonly operator: string;
  readonly app: string;
  readonly packs: () => readonly { readonly org: string; readonly digest: string }[];
  readonly now: () => number;
}

/** What a kept draft allows: going on where it stood, or looking its label up anew, since the list is another one now. */
export type KeptDraft =
  | { readonly kind: 'state'; readonly state: InstallState }
  | { readonly kind: 'label'; readonly text: string; readonly how: LabelSource; readonly wish?: Wish };

/** A device that somebody stopped at, as it is offered. */
export interface DraftOffer {
  readonly key: string;
  readonly name: string;
  readonly model?: string;
  readonly at: number;
}

interface DraftRow {
  readonly operator: string;
  readonly app: string;
  readonly org: string;
  readonly pack: string;
  readonly at: number;
  readonly state: Resumable;
}

/** As many devices as a person may have stopped at. With one more, the oldest is forgotten. */
const MOST = 5;
/** Of all people on a shared phone. */
const MOST_OF_ALL = 20;

/**
 * The devices that this person stopped at, one draft each, so that a new scan takes nobody's work away. A draft is a
 * convenience: where it cannot be kept the flow goes on, and saving the record itself is what must say so.
 */
export class DraftBook {
  readonly #drafts: Drafts;
  readonly #owner: DraftOwner;
  /** The device at hand. */
  #key: string | undefined;
  #work: Promise<unknown> = Promise.resolve();

  constructor(drafts: Drafts, owner: DraftOwner) {
    this.#drafts = drafts;
    this.#owner = owner;
  }

  /** The device whose draft is being kept, if one is. */
  get key(): string | undefined {
    return this.#key;
  }

  /** Keeps what a restart may go on from. Going back to the scanner, or saving, leaves nothing to go on with. */
  note(state: InstallState): void {
    const before = this.#key;
    const kept = resumable(state);
    if (kept === undefined) {
      this.#key = undefined;
      // Another label is being looked up: what was begun with the one before stays.
      if (before !== undefined && state.at !== 'looking_up') this.#change((rows) => without(rows, before));
      return;
    }
    const key = nameOf(kept.label);
    this.#key = key;
    const packs = this.#owner.packs();
    const pack = packs.find(({ org }) => org === (orgOf(kept) ?? packs[0]?.org));
    if (pack === undefined) return;
    const { operator, app, now } = this.#owner;
    const row: DraftRow = {
      ...{ operator, app, org: pack.org, pack: 'pack' in kept ? kept.pack : pack.digest, at: now() },
      state: kept,
    };
    this.#change((rows) => [row, ...without(without(rows, key), before)]);
  }

  /** Newest first. */
  async offers(): Promise<readonly DraftOffer[]> {
    return (await this.#own()).map(({ state: { label }, at }) => {
      const model = label.model ?? label.row?.model ?? label.known?.model;
      return { key: nameOf(label), name: nameOf(label), at, ...(model === undefined ? {} : { model }) };
    });
  }

  /** The draft of this device, or the newest one. */
  async take(key?: string): Promise<KeptDraft | undefined> {
    const rows = await this.#own();
    const row = key === undefined ? rows[0] : rows.find(({ state }) => nameOf(state.label) === key);
    if (row === undefined) return undefined;
    const { state } = row;
    this.#key = nameOf(state.label);
    const isCurrent = this.#owner.packs().some(({ org, digest }) => org === row.org && digest === row.pack);
    if (isCurrent) return { kind: 'state', state };
    const { text, how, wish } = state.label;
    return { kind: 'label', text, how, ...(wish === undefined ? {} : { wish }) };
  }

  async throwAway(key: string): Promise<void> {
    this.#change((rows) => without(rows, key));
    await this.settled();
  }

  /** Where this person put the device before. */
  async lastPlace(): Promise<LastPlace | undefined> {
    try {
      const kept = await this.#drafts.load(LAST_PLACE);
      const last: unknown = isObject(kept) ? kept[this.#owner.operator] : undefined;
      return isLastPlace(last) ? last : undefined;
    } catch {
      return undefined;
    }
  }

  keepLastPlace({ org, domain, site, siteTitle }: LastPlace): void {
    const last: LastPlace =
      site === undefined || siteTitle === undefined ? { org, domain } : { org, domain, site, siteTitle };
    this.#queue(async () => {
      const kept = await this.#drafts.load(LAST_PLACE);
      await this.#drafts.save(LAST_PLACE, { ...(isObject(kept) ? kept : {}), [this.#owner.operator]: last });
    });
  }

  /** When everything that was noted is kept. */
  async settled(): Promise<void> {
    await this.#work;
  }

  async #own(): Promise<readonly DraftRow[]> {
    await this.settled();
    const { operator, app } = this.#owner;
    const orgs = this.#owner.packs().map(({ org }) => org);
    const rows = await this.#rows().catch(() => []);
    return rows
      .filter((row) => row.operator === operator && row.app === app && orgs.includes(row.org))
      .slice(0, MOST);
  }

  /** Anything that has not the shape of a draft is nobody's. */
  async #rows(): Promise<readonly DraftRow[]> {
    const kept = await this.#drafts.load(INSTALL_DRAFT);
    return Array.isArray(kept) ? kept.filter(isRow) : [];
  }

  #change(change: (rows: readonly DraftRow[]) => readonly DraftRow[]): void {
    const { operator } = this.#owner;
    this.#queue(async () => {
      const rows = await this.#rows();
      const others = rows.filter((row) => row.operator !== operator);
      const own = change(rows.filter((row) => row.operator === operator)).slice(0, MOST);
      const all = [...own, ...others].slice(0, MOST_OF_ALL);
      await (all.length === 0 ? this.#drafts.drop(INSTALL_DRAFT) : this.#drafts.save(INSTALL_DRAFT, all));
    });
  }

  #queue(work: () => Promise<unknown>): void {
    this.#work = this.#work.then(work).catch(() => undefined);
  }
}

function without(rows: readonly DraftRow[], key: string | undefined): readonly DraftRow[] {
  return rows.filter(({ state }) => nameOf(state.label) !== key);
}

/** By what a person knows the device: its name, or what its label calls itself. */
export function nameOf(label: Pick<ReadLabel, 'udid' | 'aliases' | 'text'>): string {
  return label.udid ?? label.aliases[0] ?? label.text;
}

function orgOf(state: Resumable): string | undefined {
  return 'org' in state ? state.org : state.label.org;
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null;
}

function isRow(value: unknown): value is DraftRow {
  return (
    isObject(value) &&
    ['operator', 'app', 'org', 'pack'].every((name) => typeof value[name] === 'string') &&
    typeof value.at === 'number' &&
    isState(value.state)
  );
}

function isState(value: unknown): value is Resumable {
  if (!isObject(value) || !isLabel(value.label)) return false;
  switch (value.at) {
    case 'pair':
      return true;
    case 'checked':
    case 'place':
      return (
        hasUdid(value.label) &&
        isReading(value.reading) &&
        areChecks(value.checks) &&
        typeof value.pack === 'string' &&
        typeof value.org === 'string' &&
        typeof value.training === 'boolean'
      );
    default:
      return false;
  }
}

function isLabel(value: unknown): boolean {
  return (
    isObject(value) &&
    typeof value.text === 'string' &&
    typeof value.kind === 'string' &&
    (value.udid === undefined || (typeof value.udid === 'string' && isUdid(value.udid))) &&
    Array.isArray(value.aliases) &&
    (value.how === 'camera' || value.how === 'photo' || value.how === 'typed') &&
    (value.known === undefined || isStanding(value.known)) &&
    (value.wish === undefined || isWish(value.wish))
  );
}

function isWish(value: unknown): boolean {
  return isObject(value) && ACTS.some((act) => act === value.act) && isStanding(value.device);
}

function isStanding(value: unknown): boolean {
  return (
    isObject(value) &&
    ['org', 'udid', 'domain', 'place', 'standing', 'need'].every((name) => typeof value[name] === 'string')
  );
}

function isLastPlace(value: unknown): value is LastPlace {
  return (
    isObject(value) &&
    typeof value.org === 'string' &&
    typeof value.domain === 'string' &&
    (value.site === undefined || (typeof value.site === 'string' && typeof value.siteTitle === 'string'))
  );
}

function hasUdid(label: unknown): boolean {
  return isObject(label) && label.udid !== undefined;
}

function isReading(value: unknown): boolean {
  if (!isObject(value) || !isObject(value.evidence) || !isObject(value.identity) || !isObject(value.traits))
    return false;
  const { publicKey, csr } = value.evidence;
  return (
    publicKey instanceof Uint8Array && csr instanceof Uint8Array && typeof value.identity.driver === 'string'
  );
}

function areChecks(value: unknown): boolean {
  return (
    Array.isArray(value) &&
    value.length > 0 &&
    value.every((check: unknown) => isObject(check) && CHECKS.some((name) => name === check.check))
  );
}
