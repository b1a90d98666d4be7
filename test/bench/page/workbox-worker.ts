import { Queue } from 'workbox-background-sync';

/** workbox-background-sync at its defaults, as its documentation shows it. The page tells what to queue and when to send. */
const queue = new Queue('records', {
  // Its own `onSync` would start by itself; the benchmark says when.
  onSync: async () => undefined,
});

interface Command {
  readonly push?: readonly string[];
  readonly replay?: true;
  readonly count?: true;
}

addEventListener('message', (event) => {
  const { data, ports } = event as MessageEvent<Command>;
  const answer = (value: unknown) => ports[0]?.postMessage(value);
  const work = run(data).then(answer, (error: unknown) => answer({ error: String(error) }));
  (event as unknown as { waitUntil(work: Promise<unknown>): void }).waitUntil(work);
});

async function run({ push, replay, count }: Command): Promise<unknown> {
  for (const body of push ?? []) {
    const headers = { 'content-type': 'application/json' };
    await queue.pushRequest({ request: new Request('/api/records', { method: 'POST', headers, body }) });
  }
  if (replay) await queue.replayRequests();
  if (count) return queue.size();
  return 'done';
}
