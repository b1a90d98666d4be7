import { parseCsv } from '../../organisations/lists/csv.ts';
import {
  addSite,
  closeSite,
  importSites,
  renameSite,
  type SiteFault,
  type SiteLineFault,
  type SiteResult,
} from '../../organisations/sites.ts';
import { type Command, type CommandCall, needOrg, UsageError } from './command.ts';
import { actorFor, WHO } from './named-person.ts';
import { readText } from './text-files.ts';

const TEXT = { type: 'string' } as const;
/** Thousands of sites with long titles. */
const LARGEST = 4 * 1024 * 1024;
const COLUMNS = 'domain,id,title';
const MORE_COLUMNS = `${COLUMNS},latitude,longitude`;

const WHY: Record<SiteFault | SiteLineFault['why'], string> = {
  domain_unknown: 'there is no such domain (see: domain create)',
  site_unknown: 'there is no such site, or it is closed (see: site list)',
  site_taken: 'another site has this id: give one with --id, or rename it (site rename)',
  title_invalid: 'a title has 1 to 120 characters that can be seen',
  id_invalid: 'an id has 1 to 64 characters',
  location_invalid: 'latitude and longitude are degrees, like 51.5072 and -0.1276',
  too_many_sites: 'a domain has 5000 sites at most: close some (site close)',
  other_organisation: 'the domain belongs to another organisation',
  too_many_values: 'it has more values than the file has columns: a title with a comma stands in quotes',
  said_twice: 'an earlier line of this file names the same site',
};

/** The organisation of a domain, and who acts for it. */
async function actorIn(call: CommandCall, domain: string): Promise<string> {
  const known = await call.installation.stores.domains.domain(domain);
  return actorFor(call, known === undefined ? [] : [known.org], WHO.desk);
}

function say({ print }: CommandCall, result: SiteResult): number {
  if (result.ok) print(result.site.id, result.site.title);
  else print(`refused: ${WHY[result.why]}`);
  return result.ok ? 0 : 1;
}

export const siteList: Command = {
  usage: 'site list DOMAIN',
  about: 'sites of a domain; closed ones are left out',
  options: {},
  words: 1,
  async run({ installation, words: [domain = ''], print }) {
    const { domains } = installation.stores;
    if ((await domains.domain(domain)) === undefined)
      throw new UsageError(`${domain}: ${WHY.domain_unknown}`);
    for (const { id, title } of await domains.sites(domain)) print(id, title);
    return 0;
  },
};

export const siteAdd: Command = {
  usage: 'site add DOMAIN --title TITLE [--id ID] [--at LATITUDE,LONGITUDE] [--by PERSON]',
  about: 'makes a site of a domain, says where it is, or opens a closed one again',
  options: { title: TEXT, id: TEXT, at: TEXT, by: TEXT },
  words: 1,
  async run(call) {
    const [domain = ''] = call.words;
    const by = await actorIn(call, domain);
    const [latitude = '', ...longitude] = call.text('at')?.split(',') ?? [];
    const wanted = {
      ...{ id: call.text('id'), title: call.required('title') },
      at: call.text('at') === undefined ? undefined : ([latitude, longitude.join(',')] as const),
    };
    return say(call, await addSite({ domain, by }, wanted, call.installation));
  },
};

export const siteRename: Command = {
  usage: 'site rename DOMAIN ID --title TITLE [--by PERSON]',
  about: 'gives a site another title; its devices stay',
  options: { title: TEXT, by: TEXT },
  words: 2,
  async run(call) {
    const [domain = '', id = ''] = call.words;
    const by = await actorIn(call, domain);
    const site = { id, title: call.required('title') };
    return say(call, await renameSite({ domain, by }, site, call.installation));
  },
};

export const siteClose: Command = {
  usage: 'site close DOMAIN ID [--by PERSON]',
  about: 'takes a site out of what phones offer; devices that stand there stay, with its title',
  options: { by: TEXT },
  words: 2,
  async run(call) {
    const [domain = '', id = ''] = call.words;
    const by = await actorIn(call, domain);
    return say(call, await closeSite({ domain, by }, id, call.installation));
  },
};

export const siteImport: Command = {
  usage: 'site import FILE --org ORG [--by PERSON]',
  about: `makes and renames sites from a file (CSV: ${COLUMNS}, then latitude,longitude where known); all of it or nothing`,
  options: { org: TEXT, by: TEXT },
  words: 1,
  async run(call) {
    const { installation, words, required, print } = call;
    const [file = ''] = words;
    const org = required('org');
    await needOrg(org, installation);
    const by = await actorFor(call, [org], WHO.desk);
    const { lines, broken } = parseCsv(readText(file, LARGEST));
    if (broken !== undefined) throw new UsageError(`${file}, line ${broken}: a quote is misplaced`);
    const [head, ...rest] = lines;
    if (![COLUMNS, MORE_COLUMNS].includes(head?.fields.join(',').toLowerCase() ?? ''))
      throw new UsageError(`${file} begins with the columns ${COLUMNS} or ${MORE_COLUMNS}`);
    const columns = head?.fields.length ?? 0;
    const read = rest.map(({ line, fields }) => {
      const [domain = '', id = '', title = '', latitude = '', longitude = ''] = fields;
      const more = fields.length > columns;
      return { line, id, title, latitude, longitude, more, domain: domain.trim().toLowerCase() };
    });
    const { faults, taken } = await importSites(org, read, by, installation);
    for (const { line, why } of faults) print(`line ${line}: ${WHY[why]}`);
    print(faults.length === 0 ? `${taken} sites` : `nothing was taken: ${faults.length} lines to mend`);
    return faults.length === 0 ? 0 : 1;
  },
};
