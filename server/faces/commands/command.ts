import type { Config, Environment } from '../../config/config.ts';
import type { CommandFace } from '../face.ts';

/**
 * What a command's process ends with. `mistake`: nothing was done, since the call or the installation is not right; its sentence
 * is on standard error. A question is answered by the others, and by 0 only with yes.
 */
export const EXIT = { yes: 0, no: 1, mistake: 2, undecided: 3 } as const;

/** Usage, description and options of a command. */
export interface Words {
  readonly usage: string;
  readonly about: string;
  readonly options: Readonly<Record<string, { readonly type: 'string' | 'boolean' }>>;
  /** Number of words beside the options. */
  readonly words: number;
  /** Number of further words that may follow. */
  readonly optional?: number;
  /** Whether it may begin an installation where there is none; every other command is about one that is there. */
  readonly begins?: true;
}

/** A command. It prints results through `print` and returns the exit code. */
export interface Command extends Words {
  run(call: CommandCall): Promise<number>;
}

/** A command that must not open the installation, for example because its database is still empty. */
export interface BareCommand extends Words {
  readonly bare: true;
  run(call: BareCall): Promise<number>;
}

export interface BareCall extends Omit<CommandCall, 'installation'> {
  /** Opens the installation, does something with it, and closes it. */
  withInstallation<T>(work: (installation: CommandFace) => Promise<T>): Promise<T>;
}

export interface CommandCall {
  readonly installation: CommandFace;
  readonly config: Config;
  readonly words: readonly string[];
  /** An option's text; undefined if the option is missing. */
  text(name: string): string | undefined;
  flag(name: string): boolean;
  /** A required option. Throws UsageError if it is missing. */
  required(name: string): string;
  /**
   * Prints a line, or the cells of one. Whatever a person or device typed may be in it: what would steer the terminal is made
   * visible, and so is a line break.
   */
  print(...cells: readonly string[]): void;
  /** Asks whoever sits at the terminal; undefined if nobody answers any more. `secret`: what is typed is not shown. */
  ask(question: string, secret?: boolean): Promise<string | undefined>;
  readonly environment: Environment;
  /** Prints lines of a document that a program will read: byte for byte, unless a person watches. */
  give(lines: string): void;
}

/** The command line is wrong; the message says what is missing. */
export class UsageError extends Error {
  override readonly name = 'UsageError';
}

/** Throws UsageError if there is no such organisation: an empty answer about it would pass for one. */
export async function needOrg(
  org: string | undefined,
  { stores }: Pick<CommandFace, 'stores'>,
): Promise<void> {
  if (org !== undefined && (await stores.orgs.org(org)) === undefined)
    throw new UsageError(`there is no organisation ${JSON.stringify(org)}`);
}
