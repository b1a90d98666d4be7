/** Said where the app cannot run at all, and nowhere else. */
export const insecureWords = {
  title: 'This address is not safe enough',
  why: 'Browsers give camera, pairing and keys only to pages opened over https or on localhost. This page came over plain http from another machine, so nothing here could work.',
  cableTitle: 'With a cable',
  cable:
    'Connect the phone to the computer that runs Fieldbind, run this there, and open localhost:4600 on the phone.',
  tlsTitle: 'With a certificate',
  tls: 'Or give the server a certificate that the phone trusts, with these two settings.',
} as const;
