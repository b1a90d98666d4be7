import type { Role } from '../../contract/operator.ts';
import type { Needs } from '../ports/stores.ts';
import { createDomain, type DomainParts } from './create-domain.ts';
import { createOrg, type NewOrg, type OrgParts } from './create-org.ts';

const ORGS: readonly NewOrg[] = [
  { name: 'northfield', title: 'Northfield Installations', training: false },
  { name: 'hanna-home', title: "Hanna's home", training: false },
  { name: 'training', title: 'Practice', training: true },
];

const PEOPLE: readonly {
  operator: string;
  name: string;
  about: string;
  role: Role;
  orgs: readonly (readonly [string, Role])[];
}[] = [
  {
    operator: 'ines',
    name: 'Ines Okafor',
    about: 'Installs devices for Northfield Installations',
    role: 'installer',
    orgs: [
      ['northfield', 'installer'],
      ['training', 'installer'],
    ],
  },
  {
    operator: 'hanna',
    name: 'Hanna Lindqvist',
    about: 'Owns the devices of her own home',
    role: 'owner',
    orgs: [
      ['hanna-home', 'owner'],
      ['training', 'installer'],
    ],
  },
  {
    operator: 'sam',
    name: 'Sam Petrov',
    about: 'Support desk of Northfield Installations: decides what is held, for Hanna and in practice too',
    role: 'support',
    orgs: [
      ['northfield', 'support'],
      // Four eyes need a second person: otherwise no held record could ever be decided.
      ['hanna-home', 'support'],
      ['training', 'support'],
    ],
  },
  {
    operator: 'ada',
    name: 'Ada Novak',
    about: 'Approver of Northfield Installations: the second person where two must agree',
    role: 'approver',
    orgs: [['northfield', 'approver']],
  },
];

const DOMAINS: readonly {
  labels: string;
  org: string;
  title: string;
  sites: readonly { id: string; title: string }[];
}[] = [
  {
    labels: 'oak-street.northfield',
    org: 'northfield',
    title: 'Oak Street 12',
    sites: [
      { id: 'basement', title: 'Basement, plant room' },
      { id: 'floor-1', title: 'First floor' },
      { id: 'floor-2', title: 'Second floor' },
      { id: 'roof', title: 'Roof' },
    ],
  },
  {
    labels: 'harbour.northfield',
    org: 'northfield',
    title: 'Harbour depot',
    sites: [
      { id: 'gate', title: 'Gate house' },
      { id: 'hall-a', title: 'Hall A' },
      { id: 'hall-b', title: 'Hall B' },
    ],
  },
  {
    labels: 'hanna',
    org: 'hanna-home',
    title: "Hanna's house",
    sites: [
      { id: 'cellar', title: 'Cellar' },
      { id: 'kitchen', title: 'Kitchen' },
      { id: 'garden', title: 'Garden' },
    ],
  },
  {
    labels: 'practice.training',
    org: 'training',
    title: 'Practice site',
    sites: [
      { id: 'bench', title: 'Workbench' },
      { id: 'wall', title: 'Practice wall' },
    ],
  },
];

/**
 * Creates people and places to try everything with. Idempotent: only what is missing is added, so that no restart
 * undoes a later change of a role, name or title.
 */
export async function seedDemo(
  parts: OrgParts & DomainParts & { readonly stores: Needs<'people' | 'domains' | 'orgs'> },
): Promise<void> {
  for (const org of ORGS) await createOrg(org, parts);
  for (const { operator, name, about, role, orgs } of PEOPLE) {
    const { people } = parts.stores;
    if ((await people.person(operator)) !== undefined) continue;
    // Memberships come first and with the person alone: whoever left an organisation is not put back by a restart.
    for (const [org, as] of orgs) await people.saveMembership(operator, org, as);
    await people.savePerson({ operator, name, about, demoRole: role, revokedAt: null });
  }
  for (const { labels, org, title, sites } of DOMAINS) {
    const name = `${labels}.${parts.suffix}`;
    const { domains } = parts.stores;
    if ((await domains.domain(name)) === undefined) {
      const created = await createDomain({ name, org, title }, parts);
      if (!created.ok) throw new Error(`the demo domain ${name} cannot be created: ${created.code}`);
    }
    const existing = new Set((await domains.sites(name)).map(({ id }) => id));
    for (const site of sites) if (!existing.has(site.id)) await domains.saveSite(name, site);
  }
}
