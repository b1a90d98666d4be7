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
        | 'account'
        | 'another-device'
        | 'people'
        | 'invite'
        | 'not-found';
    }
  /** `token`: the secret of an invitation, from behind the `#` of its link. */
  | { readonly screen: 'join'; readonly token: string | undefined }
  | { readonly screen: 'person'; readonly operator: string }
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

/** Of an invitation's secret: 32 bytes, base64url. */
const TOKEN = /^[A-Za-z0-9_-]{43}$/;

/** What a history entry of ours remembers: no address bar and no log shows it. */
interface EntryState {
  /** Secret of the invitation that this entry shows. */
  readonly token?: string;
  /** Where a person was when they went to sign in. */
  readonly from?: string;
}

function entryState(): EntryState {
  const { token, from } = (history.state ?? {}) as { token?: unknown; from?: unknown };
  return {
    ...(typeof token === 'string' ? { token } : {}),
    ...(typeof from === 'string' ? { from } : {}),
  };
}

/** Takes the secret out of the address, where a screen shot or the browser's history would keep it. A reload still has it. */
export function hideToken(token: string): void {
  if (location.hash !== '') history.replaceState({ token }, '', location.pathname);
}

/** The screen that a person came to sign in from: one of ours, whatever stands in the history; else Home. */
export function cameFrom(): string {
  const { from = '/' } = entryState();
  const url = URL.canParse(from, location.origin) ? new URL(from, location.origin) : undefined;
  if (url?.origin !== location.origin) return '/';
  const { screen } = parsePath(url.pathname, url.search, '');
  return screen === 'not-found' || screen === 'sign-in' || screen === 'join'
    ? '/'
    : url.pathname + url.search;
}

function parsePath(path: string, search: string, hash: string): Route {
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
    case 'account':
    case 'another-device':
    case 'people':
    case 'invite':
      return { screen: head };
    case 'join': {
      const token = hash === '' ? entryState().token : hash.slice(1);
      return { screen: head, token: token !== undefined && TOKEN.test(token) ? token : undefined };
    }
    case 'person':
      return { screen: head, operator: id };
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

export const route = signal<Route>(here());

function here(): Route {
  return parsePath(location.pathname, location.search, location.hash);
}

/** `path` may have a query, and the secret of an invitation behind a `#`. */
export function go(path: string, options: { readonly replace?: boolean } = {}): void {
  if (traversal !== undefined) {
    traversal.next.push(() => go(path, options));
    return;
  }
  const state = path === '/sign-in' ? { from: location.pathname + location.search } : null;
  if (options.replace === true) history.replaceState(state, '', path);
  else history.pushState(state, '', path);
  route.value = here();
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
  route.value = here();
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
