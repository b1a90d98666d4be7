import { readFileSync } from 'node:fs';
import { beforeAll, describe, expect, it, vi } from 'vitest';
import { billOfMaterials, type Sbom } from '../../tools/bill-of-materials.ts';
import { type Component, EXCEPTIONS, idleExceptions, licenceFaults } from '../../tools/licences.ts';

const named = (id: string): Component => ({ name: 'x', version: '1.0.0', licenses: [{ license: { id } }] });
const expressed = (expression: string): Component => ({
  name: 'x',
  version: '1.0.0',
  licenses: [{ expression }],
});

describe('the licences', () => {
  it.each([
    named('MIT'),
    expressed('(MIT OR CC0-1.0)'),
    expressed('GPL-2.0-only OR ISC'),
    expressed('MIT AND (Unlicense OR Apache-2.0)'),
    expressed('MIT OR GPL-2.0-only AND LGPL-2.1-only'),
  ])('may be such: %j', (component) => {
    expect(licenceFaults([component])).toEqual([]);
  });

  it.each([
    named('GPL-3.0-only'),
    named('UNLICENSED'),
    expressed('MIT AND GPL-2.0-only'),
    expressed('GPL-2.0-only WITH Classpath-exception-2.0'),
    expressed('(MIT'),
    expressed('MIT MIT'),
    expressed(''),
    { name: 'x', version: '1.0.0', licenses: [{ license: { id: 'MIT' } }, { license: { name: 'Our own' } }] },
    { name: 'x', version: '1.0.0', licenses: [] },
    { name: 'x', version: '1.0.0' },
  ])('may not be such: %j', (component) => {
    expect(licenceFaults([component])).toHaveLength(1);
  });
});

describe('what goes into page and server', () => {
  let sbom: Sbom;
  beforeAll(() => {
    // As after a build, and as npm leaves out what is for building.
    vi.stubEnv('NODE_ENV', 'production');
    sbom = billOfMaterials();
    vi.unstubAllEnvs();
  });

  it('is listed whole, and nothing that only builds or tests', () => {
    expect(sbom.bomFormat).toBe('CycloneDX');
    expect(sbom.metadata.component.name).toBe('fieldbind');
    expect(sbom.components.length).toBeGreaterThan(100);
    const names = sbom.components.map(({ name }) => name);
    for (const one of ['@fieldbind/server', 'pg-protocol', 'pvutils']) expect(names).toContain(one);
    // Every one that our own packages name, whatever else depends on it too.
    for (const file of ['../../package.json', '../../server/package.json']) {
      const { dependencies } = JSON.parse(readFileSync(new URL(file, import.meta.url), 'utf8')) as {
        dependencies: Record<string, string>;
      };
      expect(Object.keys(dependencies).filter((one) => !names.includes(one))).toEqual([]);
    }
    for (const one of ['vite', 'vitest', 'typescript', 'playwright', 'bwip-js'])
      expect(names).not.toContain(one);
  });

  it('has licences that are allowed, each exception with a reason and still needed', () => {
    expect(licenceFaults(sbom.components)).toEqual([]);
    expect(idleExceptions(sbom.components)).toEqual([]);
    for (const { reason } of Object.values(EXCEPTIONS)) expect(reason.length).toBeGreaterThan(20);
  });
});
