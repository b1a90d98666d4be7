/**
 * Which suite a test file belongs to. vitest.config.ts makes its projects of this, and test/house/suites.test.ts holds it to
 * what the files import, so that `npm run check` stays without processes and sockets.
 */

/** Files beside the server's that start another program or open a socket. */
const PROCESS_FILES: readonly string[] = [
  'test/backend/clients.test.ts',
  'test/backend/request.test.ts',
  'test/contract/no-eval.test.ts',
  'test/core/csr.test.ts',
  'test/core/der.test.ts',
  'test/core/evidence.test.ts',
  'test/core/pem.test.ts',
  'test/core/possession.test.ts',
  'test/core/spki.test.ts',
  'test/core/verify-certificate.test.ts',
  'test/core/webcrypto.test.ts',
  'test/device/esp/esp-claim.test.ts',
  'test/device/parsers-core.test.ts',
  'test/effects/bench-list-effects.test.ts',
  'test/effects/check-device.test.ts',
  'test/house/foreign-programs.test.ts',
  'test/house/licences.test.ts',
  'test/house/reference.test.ts',
  'test/house/run-report.test.ts',
  'test/pki/check-certificate.test.ts',
  'test/simulator/command-line.test.ts',
  'test/simulator/esp-http.test.ts',
  'test/simulator/nordic-modem.test.ts',
  'test/simulator/pty.test.ts',
  'test/simulator/zephyr-cred.test.ts',
];

/** Files about the server that need none. */
const PURE_SERVER_FILES: readonly string[] = [
  'test/server/decision-round.test.ts',
  'test/server/der-writer.test.ts',
  'test/server/encrypt-push.test.ts',
  'test/server/http-rules.test.ts',
  'test/server/next-try.test.ts',
  'test/server/node-base64url.test.ts',
  'test/server/parse-call.test.ts',
  'test/server/rules/*.test.ts',
  'test/server/time-rules.test.ts',
  'test/server/tpm.test.ts',
  'test/server/trust.test.ts',
  'test/server/x509.test.ts',
];

/** Suites of stores; each runs itself on SQLite and on PostgreSQL. */
const STORES = 'test/ports/store*.test.ts';

/**
 * What depends on the database's engine: many rows at once, locks, quotas, whoever comes first, crashes, a database that goes
 * away, copies, the search. Of the rest one way through, from a registration to the end of a device.
 */
const ENGINE_FILES: readonly string[] = [
  'test/server/accounts.test.ts',
  'test/server/accounts-refused.test.ts',
  'test/server/copy.test.ts',
  'test/server/crash.test.ts',
  'test/server/database-gone.test.ts',
  'test/server/device-life.test.ts',
  'test/server/events-crash.test.ts',
  'test/server/find-devices.test.ts',
  'test/server/installation-administrator.test.ts',
  'test/server/list-import.test.ts',
  'test/server/move.test.ts',
  'test/server/notices-crash.test.ts',
  'test/server/notices.test.ts',
  'test/server/one-binding.test.ts',
  'test/server/organisations-apart.test.ts',
  'test/server/places.test.ts',
  'test/server/policy.test.ts',
  'test/server/put-back.test.ts',
  'test/server/put-back-accounts.test.ts',
  'test/server/put-back-phones.test.ts',
  'test/server/registration.test.ts',
  'test/server/rekey-crash.test.ts',
  'test/server/restart.test.ts',
  'test/server/two-processes.test.ts',
  'test/server/undo-race.test.ts',
];

/** Files about one engine, which bring it themselves: once is enough. */
const OF_ONE_ENGINE: readonly string[] = [
  'test/server/damaged-database.test.ts',
  'test/server/foreign-lock.test.ts',
  'test/server/full-disk.test.ts',
  'test/server/lost-connections.test.ts',
  'test/server/outages.test.ts',
];

/** Files that a suite takes, less those that it leaves out. */
export interface Files {
  readonly include: readonly string[];
  readonly exclude: readonly string[];
}

export const SUITES = {
  /** No process, no socket. */
  pure: {
    include: ['test/!(server|foreign)/**/*.test.ts', ...PURE_SERVER_FILES],
    exclude: [STORES, ...PROCESS_FILES],
  },
  /** Another program or a socket; of our server, what the API's reference is written from. */
  process: { include: PROCESS_FILES, exclude: [] },
  /** The server, on SQLite where a test does not say otherwise. */
  server: { include: ['test/server/**/*.test.ts', STORES], exclude: PURE_SERVER_FILES },
  /** The server once more, on PostgreSQL: what depends on that. */
  postgres: { include: ENGINE_FILES, exclude: [] },
  /** The server once more, on PostgreSQL: all of it, but for what is about one engine. */
  'postgres-all': {
    include: ['test/server/**/*.test.ts'],
    exclude: [...PURE_SERVER_FILES, ...OF_ONE_ENGINE],
  },
} as const satisfies Record<string, Files>;
