import { type DeviceNeed, NEEDS_ME, NEEDS_OTHERS } from '../../ports/devices.ts';
import { useModel } from '../model-context.ts';
import { Button, LinkButton } from '../parts/button.tsx';
import { DeviceList } from '../parts/device-row.tsx';
import { FirstSteps } from '../parts/first-steps.tsx';
import { Icon } from '../parts/icon.tsx';
import { Page } from '../parts/page.tsx';
import { PrepareTrouble } from '../parts/prepare-trouble.tsx';
import { ResumeDraft } from '../parts/resume-draft.tsx';
import { SentAgainCard } from '../parts/sent-again.tsx';
import { namedSites, SiteRow } from '../parts/site-row.tsx';
import { TroubleCard } from '../parts/trouble.tsx';
import { go } from '../route.ts';
import { useSites } from '../use-devices.ts';
import { devicesWords as say } from '../words/devices.ts';
import { words } from '../words/en.ts';

const SITES_SHOWN = 8;

/** What needs this person first, then what waits for others, then the places. */
export function HomeScreen() {
  const model = useModel();
  const overview = model.devices.value;
  const { mine = [], waiting = [], needs = {} } = overview ?? {};
  const counted = (of: Iterable<DeviceNeed>) => [...of].reduce((sum, need) => sum + (needs[need] ?? 0), 0);
  const [ofMine, ofWaiting] = [counted(NEEDS_ME), counted(NEEDS_OTHERS)];
  const credential = model.enrolment.value?.credential;
  const { clock } = model.readiness.value;
  const titles = credential?.memberships.filter(({ training }) => !training).map(({ title }) => title) ?? [];
  return (
    <Page
      title={words.home.hello(credential?.name ?? '')}
      intro={titles.join(', ')}
      actions={
        <Button kind="primary" icon="scan" onClick={() => go('/bind')}>
          {words.home.bind}
        </Button>
      }
    >
      {clock !== 'ready' && <TroubleCard code={`clock_${clock}`} waits />}
      <SentAgainCard />
      {model.prepareTrouble.value === 'confirmation_needed' && <PrepareTrouble model={model} />}
      {!model.readyOffline.value && (
        <a class="card row" href="/ready" data-tone="wait">
          <Icon name="clock" />
          <span class="row-main">
            <strong>{words.home.prepareFirst}</strong>
            <span>{words.strip.notReady}</span>
          </span>
          <Icon name="chevron" size={20} />
        </a>
      )}
      {ofMine > 0 && (
        <section class="stack-s" data-section="needs-me">
          <h2>{say.needsMe(ofMine)}</h2>
          <DeviceList devices={mine} />
          {ofMine > mine.length && <LinkButton href="/places?show=mine">{say.all(ofMine)}</LinkButton>}
        </section>
      )}
      {overview?.stuck.map((id) => (
        <a key={id} class="card row" data-tone="bad" data-stuck={id} href={`/record/${id}`}>
          <Icon name="alert" />
          <span class="row-main">
            <strong>{say.stuck}</strong>
            <span>{say.stuckNext}</span>
          </span>
          <Icon name="chevron" size={20} />
        </a>
      ))}
      <FirstSteps />
      <ResumeDraft />
      {ofWaiting > 0 && (
        <section class="stack-s" data-section="waits-for-others">
          <h2>{say.waitsForOthers(ofWaiting)}</h2>
          <DeviceList devices={waiting} />
          {ofWaiting > waiting.length && (
            <LinkButton href="/places?show=others">{say.all(ofWaiting)}</LinkButton>
          )}
        </section>
      )}
      <Places />
      {overview?.devices === 0 && <p class="quiet">{say.none}</p>}
      {overview !== undefined && overview.others.length > 0 && (
        <section data-section="others">
          {overview.others.map(({ name, unsent }) => (
            <p class="card quiet" key={name}>
              {say.others(name, unsent)}
            </p>
          ))}
        </section>
      )}
      <section class="card">
        <span class="disc">
          <Icon name="chip" />
        </span>
        <h2>{words.home.tryTitle}</h2>
        <p class="quiet">{words.home.tryText}</p>
        <LinkButton href="/bind/practice">{words.home.tryButton}</LinkButton>
      </section>
    </Page>
  );
}

function Places() {
  const model = useModel();
  const sites = namedSites(model, useSites());
  if (sites.length === 0) return null;
  return (
    <section class="stack-s" data-section="places">
      <h2>{say.places}</h2>
      <ul class="list">
        {sites.slice(0, SITES_SHOWN).map((site) => (
          <li key={`${site.org} ${site.domain} ${site.site ?? ''}`}>
            <SiteRow site={site} />
          </li>
        ))}
      </ul>
      <LinkButton href="/places">{say.allPlaces}</LinkButton>
    </section>
  );
}
