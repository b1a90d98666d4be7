/** `name`: the person whom `--by` named. Who sits at the machine is not known, so the name is a word and no sign-in. */
export function commandLine(name?: string): string {
  return `command line (${name ?? 'nobody named'})`;
}

const ON_THE_COMMAND_LINE = /^command line \((.*)\)$/s;

export function isCommandLine(actor: string): boolean {
  return ON_THE_COMMAND_LINE.test(actor);
}

/**
 * The person behind an actor of the trail, whether signed in or named on the command line: whoever was named there is not
 * somebody else when they sign in, so they are not a second person either.
 */
export function personOf(actor: string): string {
  return ON_THE_COMMAND_LINE.exec(actor)?.[1] ?? actor;
}
