import type { FastifyInstance } from 'fastify';
import type { ReceiverState } from '../../ports/receivers.ts';
import type { ServerClock } from '../../ports/server-clock.ts';
import { Unavailable } from '../../ports/unavailable.ts';
import { HEALTH_CAUSES, type Health } from '../../watch/health.ts';
import type { HttpFace } from '../face.ts';
import type { HttpParts } from './parts.ts';

/** Upper bounds of the histogram's buckets, seconds. */
const BOUNDS = [0.005, 0.025, 0.1, 0.5, 2, 10] as const;

/**
 * Metrics for Prometheus (text format 0.0.4). They contain routes and statuses, but no organisation, device or
 * person, so whoever may read them learns how busy the server is and nothing else.
 */
export function metrics(
  app: FastifyInstance,
  {
    installation,
    events,
    health,
    certificateUntil,
  }: Pick<HttpParts, 'installation' | 'events' | 'health' | 'certificateUntil'>,
): void {
  const requests = new Map<string, number>();
  const buckets = BOUNDS.map(() => 0);
  let count = 0;
  let sum = 0;
  app.addHook('onResponse', async ({ method, routeOptions }, { statusCode, elapsedTime }) => {
    const name = `method="${method}",route="${routeOptions.url ?? 'none'}",status="${statusCode}"`;
    requests.set(name, (requests.get(name) ?? 0) + 1);
    const seconds = elapsedTime / 1000;
    count++;
    sum += seconds;
    for (const [index, bound] of BOUNDS.entries())
      if (seconds <= bound) buckets[index] = (buckets[index] ?? 0) + 1;
  });
  app.get('/metrics', { schema: { hide: true } }, async (_request, reply) => {
    const { cpu, memory } = { cpu: process.cpuUsage(), memory: process.memoryUsage() };
    const lines = [
      '# TYPE fieldbind_requests_total counter',
      ...[...requests].map(([labels, n]) => `fieldbind_requests_total{${labels}} ${n}`),
      '# TYPE fieldbind_request_seconds histogram',
      ...BOUNDS.map(
        (bound, index) => `fieldbind_request_seconds_bucket{le="${bound}"} ${buckets[index] ?? 0}`,
      ),
      `fieldbind_request_seconds_bucket{le="+Inf"} ${count}`,
      `fieldbind_request_seconds_sum ${sum}`,
      `fieldbind_request_seconds_count ${count}`,
      ...healthLines(await health()),
      ...certificateLines(certificateUntil(), installation.clock),
      ...(await databaseLines(installation)),
      '# TYPE fieldbind_events_told_total counter',
      `fieldbind_events_told_total ${events.told()}`,
      '# HELP fieldbind_clock_ahead_seconds By how much this machine’s clock is ahead of what is believed; 0 if it is believed.',
      '# TYPE fieldbind_clock_ahead_seconds gauge',
      `fieldbind_clock_ahead_seconds ${Math.round((installation.clock.doubt() ?? 0) / 1000)}`,
      '# TYPE process_cpu_seconds_total counter',
      `process_cpu_seconds_total ${(cpu.user + cpu.system) / 1e6}`,
      '# TYPE process_resident_memory_bytes gauge',
      `process_resident_memory_bytes ${memory.rss}`,
    ];
    return reply
      .type('text/plain; version=0.0.4; charset=utf-8')
      .header('cache-control', 'no-store')
      .send(`${lines.join('\n')}\n`);
  });
}

function healthLines({ causes, freeBytes, crlLeft }: Health): string[] {
  return [
    '# HELP fieldbind_failing Why /healthz answers 503, each reason by itself.',
    '# TYPE fieldbind_failing gauge',
    ...HEALTH_CAUSES.map((cause) => `fieldbind_failing{cause="${cause}"} ${causes.includes(cause) ? 1 : 0}`),
    ...(freeBytes === undefined
      ? []
      : ['# TYPE fieldbind_free_bytes gauge', `fieldbind_free_bytes ${freeBytes}`]),
    ...(crlLeft === undefined
      ? []
      : [
          '# HELP fieldbind_crl_left_seconds How long the CRL that ends first is still good.',
          '# TYPE fieldbind_crl_left_seconds gauge',
          `fieldbind_crl_left_seconds ${crlLeft}`,
        ]),
  ];
}

/** Nothing while the clock is not believed. */
function certificateLines(until: number | undefined, clock: ServerClock): string[] {
  if (until === undefined || clock.doubt() !== undefined) return [];
  return [
    '# HELP fieldbind_own_certificate_left_seconds How long the certificate of HTTPS is still good; 0 if there is none.',
    '# TYPE fieldbind_own_certificate_left_seconds gauge',
    `fieldbind_own_certificate_left_seconds ${Math.max(0, Math.round((until - clock.now()) / 1000))}`,
  ];
}

/** What stands in the database; nothing while it does not answer, when the rest is wanted most. */
async function databaseLines({ stores, clock }: HttpFace): Promise<string[]> {
  try {
    const pending = await stores.queue.countPending(1000);
    const receivers = await stores.receivers.receivers();
    const notices = await stores.notices.waiting();
    return [
      '# HELP fieldbind_undecided_records At most 1000 are counted.',
      '# TYPE fieldbind_undecided_records gauge',
      `fieldbind_undecided_records ${pending}`,
      '# TYPE fieldbind_event_receivers gauge',
      ...(['well', 'failing', 'given_up'] as const).map((state) => {
        const some = receivers.filter((receiver) => stateOf(receiver) === state);
        return `fieldbind_event_receivers{state="${state}"} ${some.length}`;
      }),
      '# HELP fieldbind_notices_waiting Mails and pushes that wait; failing: were tried in vain.',
      '# TYPE fieldbind_notices_waiting gauge',
      `fieldbind_notices_waiting{state="new"} ${notices.all - notices.failing}`,
      `fieldbind_notices_waiting{state="failing"} ${notices.failing}`,
      '# HELP fieldbind_event_failing_seconds Since when the receiver that fails longest has failed.',
      '# TYPE fieldbind_event_failing_seconds gauge',
      `fieldbind_event_failing_seconds ${clock.doubt() === undefined ? longestFailing(receivers, clock.now()) : 0}`,
    ];
  } catch (error) {
    if (error instanceof Unavailable) return [];
    throw error;
  }
}

function stateOf({ deadAt, failingSince }: ReceiverState): 'well' | 'failing' | 'given_up' {
  if (deadAt !== null) return 'given_up';
  return failingSince === null ? 'well' : 'failing';
}

function longestFailing(receivers: readonly ReceiverState[], now: number): number {
  const since = receivers.flatMap(({ failingSince }) =>
    failingSince === null ? [] : [Date.parse(failingSince)],
  );
  return since.length === 0 ? 0 : Math.max(0, Math.round((now - Math.min(...since)) / 1000));
}
