/** What the desk says beside its decisions. */
export const deskWords = {
  organisation: 'Organisation',
  training: (title: string) => `${title} (training)`,
  decided: {
    approve: (name: string) => `Approved: ${name}`,
    refuse: (name: string) => `Refused: ${name}`,
  },
  asks: {
    confirmation: 'Says that the certificate was written into the device.',
    amendment: 'Corrects where the device stands.',
    void: 'Takes back what was bound.',
    site: (title: string, was: string | undefined) =>
      was === undefined ? `Makes the site “${title}”.` : `Calls the site “${was}” “${title}”.`,
  },
  asFound: 'Submitted although a check failed.',
  failed: 'What failed',
  passed: (n: number) => `${n} checks passed`,
  open: (n: number) => (n === 1 ? '1 could not be made there' : `${n} could not be made there`),
  because: 'Why it was submitted',
  noReason: 'No reason was given.',
  rules: 'What the rules say',
  model: 'Model',
  place: 'Place',
  location: (latitude: string, longitude: string, metres: string) =>
    `${latitude}, ${longitude} (± ${metres} m)`,
  where: 'Position on the map',
  stands: (place: string, since: string) => `Bound already: ${place}, since ${since}`,
  evidence: 'What label, device and list say',
  said: { label: 'Label', device: 'Device', list: 'List' },
  rows: { names: 'Names', model: 'Model', key: 'Key', firmware: 'Firmware', order: 'Order' },
  none: 'nothing',
  notListed: 'Not on your list',
  sameKey: 'Same key as the list',
  otherKey: 'Another key than the list',
  history: 'Where it stood before',
  correct: 'Correct its place',
} as const;
