import type { Config } from '../../config/config.ts';
import type { Face } from '../face.ts';

/** A command's words. */
export interface Words {
  readonly usage: string;
  readonly about: string;
  readonly options: Readonly<Record<string, { readonly type: 'string' | 'boolean' }>>;
  /** How many words stand beside the options. */
  readonly words: number;
  /** How many more may stand there. */
  readonly optional?: number;
}

/** What a command does. It prints results through `print` and gives the exit code. */
export interface Command extends Words {
  run(call: CommandCall): Promise<number>;
}

/** One that must not open the installation, as where its database has yet to be filled. */
export interface BareCommand extends Words {
  readonly bare: true;
  run(call: BareCall): Promise<number>;
}

export interface BareCall extends Omit<CommandCall, 'installation'> {
  /** Opens the installation, does something with it, and closes it. */
  withInstallation<T>(work: (installation: Face) => Promise<T>): Promise<T>;
}

export interface CommandCall {
  readonly installation: Face;
  readonly config: Config;
  readonly words: readonly string[];
  /** An option's text; undefined if it was not given. */
  text(name: string): string | undefined;
  flag(name: string): boolean;
  /** An option that must be there. Throws UsageError. */
  required(name: string): string;
  print(line: string): void;
}

/** The command was not given rightly; its message says what is missing. */
export class UsageError extends Error {
  override readonly name = 'UsageError';
}
