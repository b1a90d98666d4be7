import { signal } from '@preact/signals';

/** Screens by path. The server and the service worker answer every one of them with the app itself. */
export type Route =
  | {
      readonly screen:
        | 'home'
        | 'outbox'
        | 'rescue'
        | 'phones'
        | 'bench'
        | 'desk'
        | 'more'
        | 'ready'
        | 'sign-in'
        | 'not-found';
    }
  | { readonly screen: 'bind'; readonly practice: boolean }
  | { readonly screen: 'record' | 'collect'; readonly id: string }
  | { readonly screen: 'device'; readonly maker: string; readonly udid: string };

function parsePath(path: string): Route {
  const [head = '', id = '', more = ''] = path.split('/').slice(1);
  switch (head) {
    case '':
      return { screen: 'home' };
    case 'outbox':
    case 'rescue':
    case 'phones':
    case 'bench':
    case 'desk':
    case 'more':
    case 'ready':
    case 'sign-in':
      return { screen: head };
    case 'bind':
      return { screen: 'bind', practice: id === 'practice' };
    case 'record':
    case 'collect':
      return { screen: head, id };
    case 'device':
      return { screen: head, maker: id, udid: more };
    default:
      return { screen: 'not-found' };
  }
}

export const route = signal<Route>(parsePath(location.pathname));

export function go(path: string, options: { readonly replace?: boolean } = {}): void {
  if (options.replace === true) history.replaceState(null, '', path);
  else history.pushState(null, '', path);
  route.value = parsePath(path);
  window.scrollTo(0, 0);
}

/** One step back if we came from inside, else home. */
export function goBack(): void {
  if (history.length > 1) history.back();
  else go('/', { replace: true });
}

addEventListener('popstate', () => {
  route.value = parsePath(location.pathname);
});

/** Takes over plain clicks on our own links; everything else is the browser's. */
export function followLinks(event: MouseEvent): void {
  if (event.defaultPrevented || event.button !== 0 || event.metaKey || event.ctrlKey || event.shiftKey)
    return;
  const link = event.target instanceof Element ? event.target.closest('a') : null;
  if (link === null || link.origin !== location.origin || link.hasAttribute('download')) return;
  event.preventDefault();
  go(link.pathname);
}
