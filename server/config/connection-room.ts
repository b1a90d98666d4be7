/** Connections that each listener may hold. */
export interface ConnectionRoom {
  readonly http: number;
  readonly est: number;
}

/** What a process is taken to have where it cannot be asked. */
const USUAL = 1024;
/** For database, keys, files, receivers of events: at least so many, and a quarter of all. */
const OWN = 64;
const MOST = 15_000;

/** Shares a process's descriptors out: with none left it can neither answer nor read its own files. */
export function connectionRoom(descriptors: number | undefined = descriptorLimit()): ConnectionRoom {
  const all = Math.min(descriptors ?? USUAL, 2 * MOST);
  const left = Math.max(6, Math.min(MOST, all - Math.max(OWN, Math.ceil(all / 4))));
  return { http: Math.floor((left * 2) / 3), est: Math.floor(left / 3) };
}

/** Descriptors that this process may open, as its report says; undefined where there is no such limit. */
function descriptorLimit(): number | undefined {
  // The report would look up the name of every host that is connected.
  Object.assign(process.report, { excludeNetwork: true });
  const { userLimits } = process.report.getReport() as { userLimits?: { open_files?: { soft?: unknown } } };
  const soft = userLimits?.open_files?.soft;
  if (soft === 'unlimited') return Number.POSITIVE_INFINITY;
  return typeof soft === 'number' ? soft : undefined;
}
