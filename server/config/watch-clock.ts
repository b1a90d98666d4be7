import { toInstant } from '../../core/instant.ts';
import { TIME_SEEN } from '../ports/server-clock.ts';
import type { Settings } from '../ports/settings.ts';
import type { Needs, Transact } from '../ports/stores.ts';
import { commandLine } from '../trail/actors.ts';
import { audit } from '../trail/chain.ts';
import { STEPS } from '../trail/steps.ts';
import { type BelievedClock, type SeenTime, TOLERANCE } from './believed-clock.ts';

/** Setting: when an administrator confirmed the clock last, by the clock of the command. */
const CONFIRMED = 'clock_confirmed';
/** How often the time is written down. */
const WRITE_AFTER = 600_000;

export interface ClockParts {
  readonly stores: Needs<'settings'>;
  readonly transact: Transact<'settings' | 'audit'>;
  readonly clock: BelievedClock;
  /** Where the server says a sentence to whoever runs it. */
  readonly say: (sentence: string) => void;
}

export interface ClockWatch {
  /**
   * Looks at the clock, and says what is new. True if it is believed again: what it should have signed meanwhile is due.
   * Called often; rejects if the database does not answer.
   */
  look(): Promise<boolean>;
  /** Writes the time down, as this process last saw it. */
  leave(): Promise<void>;
}

/** The time that this installation last wrote down; undefined if it never did, or cannot be read. */
export async function lastSeen({ settings }: Needs<'settings'>): Promise<SeenTime | undefined> {
  const text = await settings.setting(TIME_SEEN);
  const seen = text === undefined ? undefined : (JSON.parse(text) as Partial<SeenTime>);
  if (typeof seen?.at !== 'number' || typeof seen.steady !== 'number') return undefined;
  return { at: seen.at, steady: seen.steady, sinceBoot: seen.sinceBoot, boot: seen.boot };
}

async function write(seen: SeenTime, settings: Settings): Promise<void> {
  const text = JSON.stringify(seen);
  await settings.settle(TIME_SEEN, text);
  await settings.change(TIME_SEEN, text);
}

/** Takes the clock as it is, by the word of whoever runs this command; a running server does within seconds. */
export async function confirmClock(clock: BelievedClock, transact: ClockParts['transact']): Promise<string> {
  clock.believe();
  const seen = clock.seen();
  const at = toInstant(seen.at);
  await transact(async (tx) => {
    await write(seen, tx.settings);
    await tx.settings.settle(CONFIRMED, at);
    await tx.settings.change(CONFIRMED, at);
    await audit(tx.audit, entry(at, 'clock confirmed', commandLine(), ''));
  });
  return at;
}

export function clockWatch({ stores, transact, clock, say }: ClockParts): ClockWatch {
  let isBelieved = true;
  let written: number | undefined;
  /** The confirmation that was there before the clock was doubted, which cannot be about it. */
  let before: string | undefined;

  const writeDown = () => transact(({ settings }) => write(clock.seen(), settings));

  /** `at` is reckoned, since the entry that says what is wrong with the clock cannot go by it. */
  async function note(event: string, detail: string): Promise<void> {
    await transact((tx) => audit(tx.audit, entry(toInstant(clock.reckoned()), event, 'server', detail)));
  }

  async function believedLook(): Promise<void> {
    const steady = clock.steady.now();
    if (written !== undefined && steady - written < WRITE_AFTER) return;
    before = await stores.settings.setting(CONFIRMED);
    await writeDown();
    written = steady;
  }

  return {
    async look() {
      const ahead = clock.doubt();
      if (ahead === undefined) {
        if (!isBelieved) {
          isBelieved = true;
          say('the clock is right again: everything goes on');
          await note('clock believed again', '');
          await believedLook();
          return true;
        }
        await believedLook();
        return false;
      }
      if (isBelieved) {
        isBelieved = false;
        say(doubtSentence(ahead));
        await note('clock not believed', `${Math.round(ahead / 1000)} seconds ahead`);
      }
      const confirmed = await stores.settings.setting(CONFIRMED);
      if (confirmed === undefined || confirmed === before) return false;
      // A confirmation is about the time that it names, and a clock that jumped once more is not that one.
      if (Math.abs(Date.parse(confirmed) - (clock.reckoned() + ahead)) > TOLERANCE) return false;
      clock.believe();
      return false;
    },
    async leave() {
      if (clock.doubt() === undefined) await writeDown();
    },
  };
}

/** What is wrong with the clock, and what to do. */
export function doubtSentence(ahead: number): string {
  const hours = Math.abs(ahead) / 3_600_000;
  const far = hours < 48 ? `${Math.round(hours)} hours` : `${Math.round(hours / 24)} days`;
  return `the clock of this machine is ${far} ${ahead > 0 ? 'ahead of' : 'behind'} what can be believed. Nothing is signed or remembered until it is right; if it is right, say so with \`npm run fieldbind -- clock confirm\``;
}

function entry(at: string, event: string, actor: string, detail: string) {
  return { at, step: STEPS.admin, event, actor, org: null, subject: 'clock', detail };
}
