/** The catalogue of one record; it comes after the first screen. */
export const recordWords = {
  title: 'Record',
  domain: 'Domain',
  place: 'Place',
  captured: 'Saved',
  number: 'Number on this phone',
  receipt: 'Receipt from the backend',
  noReceipt: 'None yet',
  decision: 'Decision',
  certificate: 'Certificate (SHA-256)',
  validUntil: 'Valid until',
  names: 'The certificate names',
  unproven: 'Unproven until the device’s own first contact',
  simulated: 'Practice device',
  write: 'Write the certificate',
  elsewhere:
    'Bound to its domain. This firmware takes no certificate from here: it fetches its certificate by other means.',
  retry: 'Try to send again',
  undo: 'Undo',
  missing: 'This record is not on this phone.',
} as const;
