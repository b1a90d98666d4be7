import { signal } from '@preact/signals';
import { ACTS, type Act } from '../flow/known-device.ts';

/** Screens by path. The server and the service worker answer every one of them with the app itself. */
export type Route =
  | {
      readonly screen:
        | 'home'
        | 'outbox'
        | 'places'
        | 'rescue'
        | 'phones'
        | 'bench'
        | 'desk'
        | 'more'
        | 'ready'
        | 'sign-in'
        | 'not-found';
    }
  | BindRoute
  | { readonly screen: 'record'; readonly id: string }
  | { readonly screen: 'write' | 'at'; readonly org: string; readonly udid: string }
  | {
      readonly screen: 'place';
      readonly org: string;
      readonly domain: string;
      readonly site: string | undefined;
    }
  | { readonly screen: 'device'; readonly maker: string; readonly udid: string };

/** At the scanner, whatever was begun before; `resume`: with the draft of `of`, or the newest. */
export interface BindRoute {
  readonly screen: 'bind';
  readonly practice: boolean;
  readonly resume: boolean;
  readonly of?: string;
  /** A known device that a person came from, and what for. */
  readonly wish?: {
    readonly org: string;
    readonly udid: string;
    readonly act: Act;
  };
}

function bindRoute(kind: string, search: string): BindRoute {
  const query = new URLSearchParams(search);
  const of = query.get('of');
  const [org = '', udid = ''] = (query.get('at') ?? '').split('/');
  const act = ACTS.find((one) => one === query.get('act'));
  return {
    screen: 'bind',
    practice: kind === 'practice',
    resume: kind === 'resume',
    ...(of === null ? {} : { of }),
    ...(act === undefined || udid === '' ? {} : { wish: { org, udid, act } }),
  };
}

function parsePath(path: string, search: string): Route {
  const [head = '', id = '', more = '', last = '-'] = path.split('/').slice(1);
  switch (head) {
    case '':
      return { screen: 'home' };
    case 'outbox':
    case 'places':
    case 'rescue':
    case 'phones':
    case 'bench':
    case 'desk':
    case 'more':
    case 'ready':
    case 'sign-in':
      return { screen: head };
    case 'bind':
      return bindRoute(id, search);
    case 'record':
      return { screen: head, id };
    case 'write':
    case 'at':
      return { screen: head, org: id, udid: more };
    case 'place':
      return { screen: head, org: id, domain: more, site: last === '-' ? undefined : decoded(last) };
    case 'device':
      return { screen: head, maker: id, udid: more };
    default:
      return { screen: 'not-found' };
  }
}

/** Part of a path as it was before it went there; undefined for what is none. */
function decoded(part: string): string | undefined {
  try {
    return decodeURIComponent(part);
  } catch {
    return undefined;
  }
}

export const route = signal<Route>(parsePath(location.pathname, location.search));

/** `path` may have a query. */
export function go(path: string, options: { readonly replace?: boolean } = {}): void {
  if (traversal !== undefined) {
    traversal.next.push(() => go(path, options));
    return;
  }
  if (options.replace === true) history.replaceState(null, '', path);
  else history.pushState(null, '', path);
  const { pathname, search } = new URL(path, location.origin);
  route.value = parsePath(pathname, search);
  window.scrollTo(0, 0);
}

/** Longer than any browser takes for a step within one document; it takes none where there is nothing to go to. */
const TRAVERSAL_MS = 1_000;
let traversal: { readonly next: (() => void)[]; readonly timer: ReturnType<typeof setTimeout> } | undefined;

/** Steps over entries of this screen's own. A browser does that later: what is asked for meanwhile waits until it has. */
export function traverse(steps: number): void {
  if (traversal !== undefined) return;
  traversal = { next: [], timer: setTimeout(endTraversal, TRAVERSAL_MS) };
  history.go(steps);
}

function endTraversal(): void {
  const ended = traversal;
  traversal = undefined;
  clearTimeout(ended?.timer);
  for (const step of ended?.next ?? []) step();
}

export function isTraversing(): boolean {
  return traversal !== undefined;
}

let wasOwn = false;

/** Whether the browser's newest step was one of {@link traverse}, and not the person's. */
export function wasOwnStep(): boolean {
  return wasOwn;
}

/** One step back if we came from inside, else home. */
export function goBack(): void {
  if (history.length > 1) history.back();
  else go('/', { replace: true });
}

addEventListener('popstate', () => {
  wasOwn = traversal !== undefined;
  route.value = parsePath(location.pathname, location.search);
  endTraversal();
});

/** Takes over plain clicks on our own links; everything else is the browser's. */
export function followLinks(event: MouseEvent): void {
  if (event.defaultPrevented || event.button !== 0 || event.metaKey || event.ctrlKey || event.shiftKey)
    return;
  const link = event.target instanceof Element ? event.target.closest('a') : null;
  if (link === null || link.origin !== location.origin || link.hasAttribute('download')) return;
  event.preventDefault();
  go(link.pathname + link.search);
}
