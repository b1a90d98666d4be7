/** A program that others wrote, and that judges what we sign and what we say. Nothing of ours is in it. */
export interface ForeignProgram {
  readonly name: string;
  readonly ecosystem: 'PyPI' | 'Go';
  /** Name in its registry: a distribution of PyPI, or the package of a Go command. */
  readonly package: string;
  readonly version: string;
  /** Pins it and all that it brings, by digest: a file for pip, or the folder of a Go module. */
  readonly lock: string;
  /** Of what it brings, what PyPI has as source only, and the lock of what builds that. */
  readonly fromSource?: { readonly packages: readonly string[]; readonly lock: string };
  readonly for: string;
}

export const PROGRAMS = [
  {
    name: 'zlint',
    ecosystem: 'Go',
    package: 'github.com/zmap/zlint/v3/cmd/zlint',
    version: '3.7.3',
    lock: 'tools/foreign/zlint',
    for: 'certificates and CRLs by RFC 5280, 5480 and 5891',
  },
  {
    name: 'pkilint',
    ecosystem: 'PyPI',
    package: 'pkilint',
    version: '0.13.3',
    lock: 'tools/foreign/pkilint.txt',
    for: 'certificates, chains, CRLs and OCSP answers by the RFCs of PKIX',
  },
  {
    name: 'schemathesis',
    ecosystem: 'PyPI',
    package: 'schemathesis',
    version: '4.32.5',
    lock: 'tools/foreign/schemathesis.txt',
    for: 'the API against its own description',
  },
  {
    name: 'web-push',
    ecosystem: 'PyPI',
    package: 'http-ece',
    version: '1.2.1',
    lock: 'tools/foreign/web-push.txt',
    fromSource: { packages: ['http-ece'], lock: 'tools/foreign/patroni-build.txt' },
    for: 'push messages by RFC 8188 and 8291, and the token beside them by RFC 8292',
  },
] as const satisfies readonly ForeignProgram[];

/** What one benchmark runs; `npm run test:foreign` installs none of these. */
export const FOR_FAILOVER = [
  {
    name: 'patroni',
    ecosystem: 'PyPI',
    package: 'patroni',
    version: '4.1.5',
    lock: 'tools/foreign/patroni.txt',
    fromSource: { packages: ['python-etcd', 'ydiff'], lock: 'tools/foreign/patroni-build.txt' },
    for: 'the benchmark failover',
  },
] as const satisfies readonly ForeignProgram[];

export type ForeignName = (typeof PROGRAMS | typeof FOR_FAILOVER)[number]['name'];
