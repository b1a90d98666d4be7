import type { BackendFailure } from '../ports/backend.ts';
import type { DevicesBackend, DevicesIntake } from '../ports/devices.ts';

/** Answers about one organisation in one go: a hundred thousand devices. What is missing then comes with the next. */
const MOST_ANSWERS = 500;

/**
 * Takes what changed among the devices of each organisation since this phone asked last. Each answer is stored before the next is
 * asked for, so a connection that breaks costs one. An organisation that fails does not keep the next from being asked, unless
 * nobody can be asked. Returns the first failure.
 */
export async function takeDevices(
  ports: { readonly backend: DevicesBackend; readonly devices: DevicesIntake },
  orgs: readonly string[],
  signal: AbortSignal,
): Promise<BackendFailure | undefined> {
  let first: BackendFailure | undefined;
  for (const org of orgs) {
    const failure = await takeOf(ports, org, signal);
    first ??= failure;
    if (failure?.kind === 'unreachable' || failure?.kind === 'signed_out') break;
  }
  return first;
}

async function takeOf(
  ports: { readonly backend: DevicesBackend; readonly devices: DevicesIntake },
  org: string,
  signal: AbortSignal,
): Promise<BackendFailure | undefined> {
  for (let count = 0; count < MOST_ANSWERS; count++) {
    const from = await ports.devices.cursor(org);
    const { after } = from;
    const answer = await ports.backend.fieldDevices(org, after, signal);
    if (!answer.ok) return answer.failure;
    const { value } = answer;
    // Nothing new, or of another place in the stream than the one that was asked for.
    const isNothing = value.devices.length === 0 && value.records.length === 0 && value.cursor === after;
    if (value.after !== '' && value.after !== after) return { kind: 'not_our_backend' };
    if (!isNothing || value.after === '') await ports.devices.take(from, value);
    // A backend that says "more" without moving on would be asked for ever.
    if (!value.more || value.cursor === after) break;
  }
  return undefined;
}
