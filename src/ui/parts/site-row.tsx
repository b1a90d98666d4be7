import type { SiteCount } from '../../ports/devices.ts';
import type { AppModel } from '../model.ts';
import { natural } from '../pick.ts';
import { devicesWords as say } from '../words/devices.ts';
import { Icon } from './icon.tsx';

export interface NamedSite extends SiteCount {
  readonly title: string;
  readonly domainTitle: string;
}

/** Sites by what people call them: those that need somebody first, then as people count. */
export function namedSites(
  model: Pick<AppModel, 'packs'>,
  sites: readonly SiteCount[],
): readonly NamedSite[] {
  const domains = new Map(
    model.packs.value.flatMap(({ pack }) =>
      pack.domains.map(({ name, title, sites }) => {
        const titles = new Map(sites.map((site) => [site.id, site.title]));
        return [`${pack.org} ${name}`, { title, titles }] as const;
      }),
    ),
  );
  return sites
    .map((one) => {
      const domain = domains.get(`${one.org} ${one.domain}`);
      return {
        ...one,
        title: domain?.titles.get(one.site ?? '') ?? one.siteTitle ?? one.site ?? say.noPlace,
        domainTitle: domain?.title ?? one.domain,
      };
    })
    .sort(
      (a, b) =>
        Number(b.needMe > 0) - Number(a.needMe > 0) ||
        natural.compare(a.domainTitle, b.domainTitle) ||
        natural.compare(a.title, b.title),
    );
}

export function SiteRow({ site }: { readonly site: NamedSite }) {
  const { org, domain, title, domainTitle, devices, needMe } = site;
  const path = site.site === undefined ? '-' : encodeURIComponent(site.site);
  return (
    <a class="row" href={`/place/${org}/${domain}/${path}`} data-site={site.site ?? '-'}>
      <span class="disc" data-tone={needMe > 0 ? 'wait' : 'none'}>
        <Icon name="pin" />
      </span>
      <span class="row-main">
        <span class="row-title" dir="auto">
          {title}
        </span>
        <span class="row-sub" dir="auto">
          {domainTitle}
        </span>
        <span class="row-sub">{say.ofSite(devices, needMe)}</span>
      </span>
      <span class="chevron">
        <Icon name="chevron" size={20} />
      </span>
    </a>
  );
}
