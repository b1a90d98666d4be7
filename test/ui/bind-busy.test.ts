import { signal } from '@preact/signals';
import { h, render } from 'preact';
import { afterEach, expect, it, vi } from 'vitest';
import { PATIENCE } from '../support/patience.ts';

afterEach(() => vi.unstubAllGlobals());

/** Nothing stands on the screen while the draft loads, so that no browser is needed to stand on it. */
const nowhere = () => ({ nodeType: 1, namespaceURI: '', childNodes: [], firstChild: null });

it('is busy while the draft of an earlier visit loads, and gives the device back when it is left then', async () => {
  vi.stubGlobal('location', { pathname: '/bind/resume', search: '' });
  vi.stubGlobal('history', { state: null });
  vi.stubGlobal('addEventListener', () => undefined);
  const { BindScreen } = await import('../../src/ui/screens/bind.tsx');
  const { ModelContext } = await import('../../src/ui/model-context.ts');
  const [busyFlow, stop, load] = [signal(false), vi.fn(async () => undefined), vi.fn()];
  load.mockReturnValue(new Promise(() => undefined));
  const model = {
    busyFlow,
    workPacks: signal([{ pack: { org: 'northfield' }, digest: 'd' }]),
    enrolment: signal(undefined),
    ports: { app: '1', device: { stop }, drafts: { load }, clock: { now: () => 1 } },
  };
  const page = nowhere() as never;
  render(h(ModelContext.Provider, { value: model as never }, h(BindScreen, { practice: false })), page);
  await vi.waitFor(() => expect([load.mock.calls.length, busyFlow.value]).toEqual([1, true]), PATIENCE);
  expect(stop).not.toHaveBeenCalled();
  render(null, page);
  await vi.waitFor(() => expect([stop.mock.calls.length, busyFlow.value]).toEqual([1, false]), PATIENCE);
});
