// The signals of the whole app and what moves them: apart, each would need the other, so it is long.
import { computed, signal } from '@preact/signals';
import type { Right } from '../../contract/entitlements.ts';
import type { DemoPerson, Membership, Session } from '../../contract/operator.ts';
import { backOff } from '../../core/back-off.ts';
import { codeOf } from '../effects/trouble.ts';
import { isReady, readiness } from '../flow/readiness.ts';
import type { BackendFailure, BackendResult } from '../ports/backend.ts';
import { type DevicesOverview, NEEDS_ME } from '../ports/devices.ts';
import type { Wipe } from '../ports/keeping.ts';
import type { OutboxSummary, QueuedRecord } from '../ports/outbox.ts';
import type { Enrolment, StoredPack } from '../ports/work.ts';
import type { AppPorts } from './app-ports.ts';
import { orgsWith } from './may.ts';

/** A pack lives for days; a phone in use takes a new one twice a day. */
const REFRESH_MS = 12 * 3600 * 1000;
/** Longer than any time between two looks at the clock while the app is on the screen. */
const CLOCK_SET_MS = 1_800_000;
const LOOKS = 5;
const LOOK_MS = 2_000;

/** A person is asked for a sign-in over the screen they are at: for an act that wants a fresh one, or since the last has ended. */
export interface SignInAsked {
  readonly why: 'fresh' | 'ended';
  /** Whether this person is signed in now, so that what they wanted can be done. */
  answer(isSignedIn: boolean): void;
}

export type Connection = 'unknown' | 'online' | 'offline' | 'portal' | 'signed_out';

/** Signals of the whole app; each flow has its own beside them. */
export class AppModel {
  readonly ports: AppPorts;
  readonly enrolment = signal<Enrolment | null | undefined>(undefined);
  readonly packs = signal<readonly StoredPack[]>([]);
  readonly summary = signal<OutboxSummary | undefined>(undefined);
  readonly devices = signal<DevicesOverview | undefined>(undefined);
  /** Devices, and names of sites, that this person can do something about. */
  readonly needMe = computed(() => {
    const { needs = {}, stuck = [] } = this.devices.value ?? {};
    return [...NEEDS_ME].reduce((sum, need) => sum + (needs[need] ?? 0), stuck.length);
  });
  readonly connection = signal<Connection>('unknown');
  readonly draining = signal(false);
  /** How many waited when this drain began, and when that was. */
  readonly drainBegan = signal<{ readonly unsent: number; readonly at: number } | undefined>(undefined);
  /** The clock as the screens last saw it; {@link tick} moves it. */
  readonly now = signal(0);
  /** By how much the backend's clock was ahead of this phone's in its last answer, milliseconds. */
  readonly behindBackend = signal<number | undefined>(undefined);
  readonly #preparations = signal(0);
  readonly preparing = computed(() => this.#preparations.value > 0);
  readonly prepareTrouble = signal<string | undefined>(undefined);
  readonly people = signal<readonly DemoPerson[] | undefined>(undefined);
  readonly signInAsked = signal<SignInAsked | undefined>(undefined);
  /** What cleared storages took along, until the person has read it. */
  readonly wipes = signal<readonly Wipe[]>([]);
  /** Why the phone's own storage failed, until it works again. */
  readonly storageTrouble = signal<string | undefined>(undefined);
  /** Records put back from the second copy, until the person has read it. */
  readonly restored = signal(0);
  /** Registrations taken back here: once is enough. */
  readonly undone = new Set<string>();
  /** Why one could not be taken back, until the person has read it. A drain that works says nothing of it. */
  readonly undoTrouble = signal<string | undefined>(undefined);
  /** Rises with every change of the outbox; lists read it to know when to read again. */
  readonly outboxVersion = signal(0);
  /** Rises with every change of a photo. */
  readonly photoVersion = signal(0);
  /** True while a flow is at work: nothing may then swap the app under it. */
  readonly busyFlow = signal(false);

  readonly membership = computed<Membership | undefined>(() =>
    this.#memberships.value.find((m) => !m.training),
  );
  /** Organisations whose desk this person sits at, real ones first. */
  readonly desks = computed(() => this.orgsWith('decide_records'));
  readonly training = computed<Membership | undefined>(() => this.#memberships.value.find((m) => m.training));
  readonly workPack = computed(() => this.#packOf(this.membership.value));
  /** Of every organisation that this person works for, practice apart. */
  readonly workPacks = computed<readonly StoredPack[]>(() =>
    this.#memberships.value.flatMap((membership) =>
      membership.training ? [] : (this.#packOf(membership) ?? []),
    ),
  );
  readonly trainingPack = computed(() => this.#packOf(this.training.value));
  readonly readiness = computed(() =>
    readiness(
      {
        enrolment: this.enrolment.value ?? undefined,
        pack: this.workPack.value,
        packs: this.packs.value,
        shell: this.ports.shell.offlineReady.value,
        behindBackend: this.behindBackend.value,
      },
      this.now.value,
    ),
  );
  readonly readyOffline = computed(() => isReady(this.readiness.value));
  #again = false;
  #syncing: Promise<void> = Promise.resolve();
  #isForgetting = false;
  /** Whether a person asked for any of what the drain at work goes through. */
  #force = false;
  #looks = 0;
  #preparedAt = 0;
  /** Sessions that began here. A later one ends the one before, whose refusals then say nothing of it. */
  #sessions = 0;
  /** Enrolments that an administrator's confirmation stood in the way of, and before when none is tried again. */
  #unconfirmed = 0;
  #enrolNotBefore = 0;
  readonly #memberships = computed(() => this.enrolment.value?.credential.memberships ?? []);

  constructor(ports: AppPorts) {
    this.ports = ports;
    this.now.value = ports.clock.now();
  }

  tick(): void {
    const now = this.ports.clock.now();
    // Somebody set the clock, or the phone slept: how far it was off says nothing of how far it is.
    const since = now - this.now.value;
    if (since < 0 || since > CLOCK_SET_MS) this.behindBackend.value = undefined;
    this.now.value = now;
  }

  /** Compares the clocks by an answer that came just now; one from before is too old for that. */
  async #comparingClocks<T>(work: () => Promise<T>): Promise<T> {
    this.ports.takeAnswerTime();
    try {
      return await work();
    } finally {
      const said = this.ports.takeAnswerTime();
      this.tick();
      if (said !== undefined) this.behindBackend.value = said - this.now.value;
    }
  }

  #packOf(membership: Membership | undefined): StoredPack | undefined {
    return this.packs.value.find((stored) => stored.pack.org === membership?.org);
  }

  /** Reads what the phone holds; needs no network. A phone whose storage fails says so instead of showing nothing. */
  async wake(): Promise<void> {
    this.ports.outbox.subscribe(() => {
      void this.refreshOutbox();
      void this.ports.safety.note();
    });
    try {
      const losses = await this.ports.safety.findLosses();
      // What the second copy still has is no loss, and must not be registered again.
      if (losses.length > 0) {
        await this.checkCopies();
        this.wipes.value = await this.ports.safety.weigh(losses);
      }
      await this.#readWork();
    } catch (error) {
      this.storageTrouble.value = codeOf(error);
    }
    await this.refreshOutbox();
  }

  async refreshOutbox(): Promise<void> {
    try {
      [this.summary.value, this.devices.value] = await Promise.all([
        this.ports.outbox.summary(),
        this.ports.devices.overview(),
      ]);
      this.outboxVersion.value++;
      void showBadge(this.needMe.value);
    } catch (error) {
      this.storageTrouble.value = codeOf(error);
    }
  }

  async #readWork(): Promise<void> {
    const [enrolment, packs] = await Promise.all([this.ports.work.enrolment(), this.ports.work.packs()]);
    // Before anything of it is shown: on a shared phone the lists were somebody else's.
    if (enrolment !== undefined) {
      const { operator, memberships } = enrolment.credential;
      await this.ports.keepDevices(
        operator,
        memberships.map(({ org }) => org),
      );
    }
    this.packs.value = packs;
    this.enrolment.value = enrolment ?? null;
  }

  async loadPeople(): Promise<void> {
    const answer = await this.ports.account.signInOptions();
    if (answer.ok) this.people.value = answer.value.demo;
    else this.note(answer.failure);
  }

  /** As a demo person. */
  async signIn(operator: string): Promise<void> {
    const answer = await this.ports.account.signIn(operator);
    if (answer.ok) await this.entered(answer.value);
    else this.prepareTrouble.value = answer.failure.kind;
  }

  /** By whichever passkey the person shows. The stable code of what stood in the way; undefined once they are in. */
  async signInByPasskey(): Promise<string | undefined> {
    const tools = await this.ports.entry().catch(() => undefined);
    const entering = await tools?.signIn();
    if (entering?.ok !== true) return entering?.code ?? 'needs_signal';
    await this.entered(entering.session);
    return undefined;
  }

  /** A session has begun in this browser. */
  async entered(session: Session): Promise<void> {
    this.#sessions++;
    this.connection.value = 'online';
    // It may have been put back to an older copy since: that ends every session.
    await (await this.ports.again()).noteAccord({ signedIn: true, notBefore: 0 });
    await this.prepareWith(session);
    void this.sync(true);
  }

  /** Asks over the screen one is at; true once this person is signed in. A demo person is, without being asked. */
  async askToSignIn(why: SignInAsked['why']): Promise<boolean> {
    const operator = this.enrolment.value?.credential.operator ?? '';
    if (this.people.value === undefined) await this.loadPeople();
    if (this.people.value?.some((person) => person.operator === operator) === true) {
      await this.signIn(operator);
      return this.connection.value === 'online';
    }
    this.signInAsked.value?.answer(false);
    const { promise, resolve } = Promise.withResolvers<boolean>();
    this.signInAsked.value = { why, answer: resolve };
    const isSignedIn = await promise;
    this.signInAsked.value = undefined;
    return isSignedIn;
  }

  /** A call of a part of the backend that comes when it is wanted. What it says of the connection is noted. */
  async ask<Part, T>(
    part: () => Promise<Part>,
    call: (backend: Part) => Promise<BackendResult<T>>,
  ): Promise<BackendResult<T>> {
    const backend = await part().catch(() => undefined);
    const answer: BackendResult<T> =
      backend === undefined ? { ok: false, failure: { kind: 'unreachable' } } : await call(backend);
    if (!answer.ok) this.note(answer.failure);
    return answer;
  }

  /** The same for what a person does: where it wants a sign-in, they are asked for it, and it is done after all. */
  async act<Part, T>(
    part: () => Promise<Part>,
    call: (backend: Part) => Promise<BackendResult<T>>,
  ): Promise<BackendResult<T>> {
    const answer = await this.ask(part, call);
    const why = answer.ok ? undefined : signInWanted(answer.failure);
    return why !== undefined && (await this.askToSignIn(why)) ? this.ask(part, call) : answer;
  }

  /** Organisations in which this person has a right. */
  orgsWith(right: Right): readonly Membership[] {
    return orgsWith(this.#memberships.value, right);
  }

  /** Whether this person has a right in that organisation. */
  may(org: string | undefined, right: Right): boolean {
    return this.orgsWith(right).some((one) => one.org === org);
  }

  /** Step 0 with the session at hand; true if this phone is prepared. */
  async prepare(): Promise<boolean> {
    const sessions = this.#sessions;
    // From the tap on, not from the first answer: a button that does nothing is tapped again.
    this.#preparations.value++;
    try {
      const session = await this.#comparingClocks(() => this.ports.account.session());
      // Whoever signed in meanwhile began a preparation of their own.
      if (sessions !== this.#sessions) return false;
      if (session.ok) return await this.prepareWith(session.value);
      this.note(session.failure);
      this.prepareTrouble.value = session.failure.kind;
      return false;
    } finally {
      this.#preparations.value--;
    }
  }

  /** Keeps pack and credential fresh in an app that stays open for weeks. */
  async refresh(): Promise<void> {
    this.tick();
    if (this.enrolment.value == null || this.preparing.value) return;
    // In the future: prepared by a clock that was ahead.
    if (Math.abs(this.now.value - this.#preparedAt) < REFRESH_MS || this.now.value < this.#enrolNotBefore)
      return;
    await this.prepare();
  }

  async prepareWith(session: Session, isKeyUnknown = false): Promise<boolean> {
    this.#preparations.value++;
    this.prepareTrouble.value = undefined;
    const sessions = this.#sessions;
    try {
      const result = await this.#comparingClocks(() => this.ports.prepare(session, isKeyUnknown));
      if (!result.ok) {
        const { failure } = result;
        if (sessions !== this.#sessions && failure.kind === 'signed_out') return false;
        if (failure.kind !== 'other_installation') this.note(failure);
        this.prepareTrouble.value = preparationCode(failure);
        if (this.prepareTrouble.value === 'confirmation_needed') await this.#waitForConfirmation();
        return false;
      }
      if (!isKeyUnknown && (await this.#waitsForEnrolment()))
        this.prepareTrouble.value = 'confirmation_needed'; // packs came, and nothing was asked of the key
      else {
        this.#unconfirmed = 0;
        this.#enrolNotBefore = 0;
      }
      this.connection.value = 'online';
      this.tick();
      this.#preparedAt = this.now.value;
      await this.ports.shell.askPersistence();
      try {
        await this.#tellLosses();
      } finally {
        await this.#readWork();
      }
      await (await this.ports.rescue()).prepare();
      return true;
    } catch (error) {
      this.prepareTrouble.value = codeOf(error);
      return false;
    } finally {
      this.#preparations.value--;
    }
  }

  /** An administrator's confirmation stood in the way of it when it was tried. */
  async #waitsForEnrolment(): Promise<boolean> {
    return this.#unconfirmed > 0 && (await (await this.ports.again()).accord()).enrolAgain !== null;
  }

  /** Nothing is in the way but the enrolment: what is here serves meanwhile. */
  async #waitForConfirmation(): Promise<void> {
    const { clock, crypto } = this.ports;
    this.#enrolNotBefore = clock.now() + backOff(this.#unconfirmed++, crypto);
    await this.#readWork();
  }

  /**
   * The backend does not know this phone's key, as after an older copy was put back, and this phone has nothing to show for
   * it: the same key is enrolled once more. True if records may go now: the backend keeps the key of a person who is still to
   * be confirmed, and takes their records.
   */
  async #enrolAgain(): Promise<boolean> {
    const { account, clock } = this.ports;
    const again = await this.ports.again();
    const { enrolAgain, unknownKid } = await again.accord();
    const kid = this.enrolment.value?.signer.kid;
    if (enrolAgain === null || enrolAgain !== kid || this.preparing.value) return false;
    if (clock.now() < this.#enrolNotBefore) return false;
    const session = await account.session();
    if (!session.ok) {
      this.note(session.failure);
      return false;
    }
    const isEnrolled = await this.prepareWith(session.value, true);
    if (!isEnrolled && this.prepareTrouble.value !== 'confirmation_needed') return false;
    if (isEnrolled) await again.noteAccord({ enrolAgain: null });
    if (unknownKid === null) return false;
    await again.noteAccord({ unknownKid: null, at: 0, notBefore: 0 });
    return true;
  }

  /** A person has read what was sent again. */
  async readAgain(): Promise<void> {
    await (await this.ports.again()).noteAccord({}, null);
  }

  /** What support must hear, before any screen says that the phone is ready: whoever leaves at once has told it. */
  async #tellLosses(): Promise<void> {
    await this.ports.safety.tellLosses();
    await this.ports.safety.note();
  }

  /** Both copies compared, at every start. What only the second one had is back in the outbox. */
  async checkCopies(): Promise<void> {
    try {
      const { restored, torn } = await this.ports.safety.check();
      if (torn > 0) this.storageTrouble.value = 'phone_storage_corrupt';
      if (restored === 0) return;
      this.restored.value = restored;
      await this.refreshOutbox();
    } catch (error) {
      this.storageTrouble.value = codeOf(error);
    }
  }

  /** By consent: forgets what ties this phone to an installation that is gone. Its records stay. */
  async startAfresh(): Promise<void> {
    // A drain that is under way would keep what it knew of the one that is gone.
    this.#isForgetting = true;
    try {
      await this.#syncing;
      await this.ports.forgetInstallation();
    } finally {
      this.#isForgetting = false;
    }
    await this.prepare();
  }

  /** True once the backend has ended the session; without its answer the session may live, and nothing is claimed. */
  async signOut(): Promise<void> {
    const answer = await this.ports.account.signOut();
    if (answer.ok || answer.failure.kind === 'signed_out') this.connection.value = 'signed_out';
    else this.note(answer.failure);
  }

  /** Sends and fetches. `force`: a person asked, so back-off times do not count. Asked for while it runs, it runs again. */
  sync(force: boolean): Promise<void> {
    const under = this.#sync(force);
    if (this.draining.value) this.#syncing = Promise.all([this.#syncing, under]).then(() => undefined);
    return under;
  }

  async #sync(force: boolean): Promise<void> {
    if (this.enrolment.value == null || this.#isForgetting) return;
    if (this.draining.value) {
      this.#again = true;
      this.#force ||= force;
      return;
    }
    this.#force = force;
    this.drainBegan.value = { unsent: this.summary.value?.unsent ?? 0, at: this.ports.clock.now() };
    if ((this.summary.value?.unsent ?? 0) > 0) this.ports.photoUpload.pause();
    this.draining.value = true;
    try {
      do {
        this.#again = false;
        await this.#drainOnce(this.#force);
        if (await this.ports.afterDrain()) this.#again = true;
        if (await this.#enrolAgain()) this.#again = true;
      } while (this.#again);
    } catch (error) {
      // Nothing was deleted: what could not be noted down is found again by the next drain.
      this.storageTrouble.value = codeOf(error);
    } finally {
      this.draining.value = false;
      await this.refreshOutbox();
      if (this.connection.value === 'online') void this.ports.photoUpload.go(this.#force);
      this.#askAgainSoon();
    }
  }

  async #drainOnce(force: boolean): Promise<void> {
    const outcome = await this.#comparingClocks(() => this.ports.drain(force));
    // A reserve in use stays said until there is room for it again.
    const low = this.storageTrouble.value === 'phone_storage_low';
    if (!low || (await this.ports.safety.refill())) this.storageTrouble.value = undefined;
    if (outcome === 'busy' || outcome.kind === 'nothing_to_do') return;
    if (outcome.kind === 'done') this.connection.value = 'online';
    else this.note(outcome.failure);
  }

  /** What was sent but not yet decided is usually decided in a moment: look again a few times before the usual round. */
  #askAgainSoon(): void {
    const undecided = this.summary.value?.counts.received ?? 0;
    if (undecided === 0 || this.connection.value !== 'online') {
      this.#looks = 0;
      return;
    }
    if (this.#looks++ >= LOOKS) return;
    void this.ports.clock.sleep(LOOK_MS).then(() => this.sync(false));
  }

  /** Never rejects: a failure is said in {@link undoTrouble}. */
  async undo(record: QueuedRecord): Promise<void> {
    if (this.undone.has(record.id)) return;
    this.undone.add(record.id);
    this.undoTrouble.value = undefined;
    try {
      await this.ports.undo(record);
    } catch (error) {
      // Nothing was signed: it stands as it was, and may be tried again.
      this.undone.delete(record.id);
      this.undoTrouble.value = codeOf(error);
      return;
    }
    await this.sync(true);
  }

  /** A person wants a rejected record sent again: the backend may have been mended since. */
  async retry(id: string): Promise<void> {
    await this.ports.outbox.retry(id);
    await this.sync(true);
  }

  note(failure: BackendFailure): void {
    switch (failure.kind) {
      case 'unreachable':
        this.connection.value = 'offline';
        return;
      case 'not_our_backend':
        this.connection.value = 'portal';
        return;
      case 'signed_out':
        this.connection.value = 'signed_out';
        return;
      case 'busy':
      case 'refused':
        this.connection.value = 'online';
    }
  }
}

function signInWanted(failure: BackendFailure): SignInAsked['why'] | undefined {
  if (failure.kind === 'signed_out') return 'ended';
  return failure.kind === 'refused' && failure.code === 'sign_in_again' ? 'fresh' : undefined;
}

/** What a person is told of a preparation that failed. */
function preparationCode(failure: { readonly kind: string; readonly code?: string }): string {
  const { code } = failure;
  return code === 'confirmation_needed' || code === 'sign_in_again' ? code : failure.kind;
}

/** On the app's icon, where the system shows one. Refused or missing, it is nothing that anybody has to hear of. */
async function showBadge(count: number): Promise<void> {
  const { setAppBadge, clearAppBadge } = navigator;
  try {
    await (count > 0 ? setAppBadge?.call(navigator, count) : clearAppBadge?.call(navigator));
  } catch {
    // The strip and Home say the same.
  }
}
