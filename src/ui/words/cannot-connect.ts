/** What a browser without cable and Bluetooth is told before the way to a device. */
export const cannotConnectWords = {
  browser: {
    what: 'This browser cannot connect to devices.',
    next: 'It has neither cable nor Bluetooth for web apps. Use Chrome or Edge on Android or on a computer. Everything else works here.',
  },
  insecure: {
    what: 'This page came over an address without TLS.',
    next: 'Browsers then offer neither cable nor Bluetooth. Open it by its https address.',
  },
} as const;
