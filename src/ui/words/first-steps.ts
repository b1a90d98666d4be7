/** What is left to do between the first administrator and the first device. */
export const firstStepsWords = {
  title: (org: string) => `Next, for ${org}`,
  intro:
    'No device can be bound yet. The first two steps are commands for the server, in the folder of Fieldbind.',
  domain: '1. Make an operational domain',
  domainNote:
    'It is where devices may act: a site, a building, a home. Put your own names in. A name that does not end in .fieldbind.internal, or in what FIELDBIND_SUFFIX says, is proved by a DNS record; the command tells which.',
  list: '2. Import the maker’s list',
  listNote:
    'The maker hands it over as CSV or JSON: one row for each device, with its identity and key. Put its file and the maker’s short name in.',
  people: '3. Invite who binds devices',
  peopleNote: 'As an installer. You may bind devices yourself too.',
  invite: 'Invite somebody',
  copy: 'Copy the command',
  copied: 'Copied.',
  look: 'Look again',
  lookNote: 'This goes away once this phone knows of the domain.',
} as const;
