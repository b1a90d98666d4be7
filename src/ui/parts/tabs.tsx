import { useModel } from '../model-context.ts';
import type { Route } from '../route.ts';
import { words } from '../words/en.ts';
import { Icon, type IconName, Mark } from './icon.tsx';

/** Screens behind More. */
const MORE: ReadonlySet<Route['screen']> = new Set([
  'more',
  'ready',
  'account',
  'another-device',
  'people',
  'person',
  'invite',
]);

/** Bottom bar on a phone, rail on a desk. */
export function Tabs({ screen }: { readonly screen: Route['screen'] }) {
  const model = useModel();
  const unsent = model.summary.value?.unsent ?? 0;
  const waiting = model.needMe.value;
  const desk = model.desks.value.length > 0;
  return (
    <nav class="dock">
      <p class="brand rail-brand">
        <Mark size={36} /> {words.app}
      </p>
      <div class="tabs">
        <Tab
          href="/"
          icon="home"
          name={words.nav.home}
          here={screen === 'home' || screen === 'places' || screen === 'place' || screen === 'at'}
          count={waiting}
        />
        <Tab
          href="/outbox"
          icon="outbox"
          name={words.nav.outbox}
          here={screen === 'outbox' || screen === 'record'}
          count={unsent}
        />
        {desk && (
          <Tab
            href="/desk"
            icon="desk"
            name={words.nav.desk}
            here={screen === 'desk' || screen === 'device'}
            count={0}
          />
        )}
        <Tab href="/more" icon="more" name={words.nav.more} here={MORE.has(screen)} count={0} />
      </div>
    </nav>
  );
}

function Tab(props: { href: string; icon: IconName; name: string; here: boolean; count: number }) {
  return (
    <a class="tab" href={props.href} aria-current={props.here ? 'page' : undefined}>
      <Icon name={props.icon} />
      <span>{props.name}</span>
      {props.count > 0 && <span class="tab-count">{props.count}</span>}
    </a>
  );
}
