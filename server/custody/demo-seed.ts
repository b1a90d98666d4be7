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
    about: 'Support desk of Northfield Installations: decides what is held',
    role: 'support',
    orgs: [
      ['northfield', 'support'],
      ['training', 'installer'],
    ],
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

/** People and places to try everything with. Safe to repeat: nothing that is there is changed back. */
export async function seedDemo(
  parts: OrgParts & DomainParts & { readonly stores: Needs<'people' | 'domains' | 'orgs' | 'authorities'> },
): Promise<void> {
  for (const org of ORGS) await createOrg(org, parts);
  for (const { operator, name, about, role, orgs } of PEOPLE) {
    await parts.stores.people.savePerson({ operator, name, about, demoRole: role, revokedAt: null });
    for (const [org, as] of orgs) await parts.stores.people.saveMembership(operator, org, as);
  }
  for (const { labels, org, title, sites } of DOMAINS) {
    const made = await createDomain({ name: `${labels}.${parts.suffix}`, org, title }, parts);
    if (!made.ok)
      throw new Error(`the demo domain ${labels}.${parts.suffix} cannot be created: ${made.code}`);
    for (const site of sites) await parts.stores.domains.saveSite(made.name, site);
  }
}
