import type { Installation } from '../installation.ts';

/** A command's words and what it does. It prints results through `print` and gives the exit code. */
export interface Command {
  readonly usage: string;
  readonly about: string;
  readonly options: Readonly<Record<string, { readonly type: 'string' | 'boolean' }>>;
  /** How many words stand beside the options. */
  readonly words: number;
  run(call: CommandCall): Promise<number>;
}

export interface CommandCall {
  readonly installation: Installation;
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
