import { type CommandCall, UsageError } from './command.ts';

/**
 * The person who answers for an act, and the reason. The person must be known here, so that four eyes are two
 * persons. Throws UsageError.
 */
export async function wordOf({
  installation,
  required,
}: Pick<CommandCall, 'installation' | 'required'>): Promise<{ by: string; because: string }> {
  const by = required('by');
  const person = await installation.stores.people.person(by);
  if (person === undefined || person.revokedAt !== null)
    throw new UsageError('--by names a person known here (see: people)');
  return { by, because: required('because').trim().slice(0, 300) };
}
