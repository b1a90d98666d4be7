import { describe, expect, test } from 'vitest';
import {
  farFrom,
  firstPlace,
  inDomain,
  type PlaceDomain,
  placeChange,
  practicePlace,
  replacedBy,
} from '../../src/flow/place.ts';
import { known } from './events.ts';

const site = (id: string, title = id.toUpperCase()) => ({ id, title });
const domain = (
  org: string,
  name: string,
  ...sites: readonly { id: string; title: string }[]
): PlaceDomain => ({
  ...{ org, name, title: name, anchorPem: '', sites: [...sites] },
});
const OAK = domain('northfield', 'site-12.example.org', site('hall', 'Hall'), site('roof'));
const DEPOT = domain('northfield', 'depot.example.org', site('gate'));
const MILL = domain('westside', 'mill.example.org');
const ALL = [DEPOT, OAK, MILL];

describe('the step begins', () => {
  test('with nothing, where there are several and none was chosen before', () => {
    expect(firstPlace(ALL, {}, undefined)).toEqual({});
  });

  test('with the only domain and the only site, and with the domain alone where there are several sites', () => {
    expect(firstPlace([DEPOT], {}, undefined)).toEqual(inDomain(DEPOT));
    expect(inDomain(DEPOT)).toMatchObject({ site: 'gate', siteTitle: 'GATE' });
    expect(inDomain(OAK)).toEqual({ org: 'northfield', domain: OAK.name });
    expect(inDomain(MILL)).toEqual({ org: 'westside', domain: MILL.name, site: '' });
  });

  test('in practice with the first there is', () => {
    expect(practicePlace([])).toEqual({});
    expect(practicePlace([OAK, DEPOT])).toEqual({
      ...{ org: 'northfield', domain: OAK.name, site: 'hall', siteTitle: 'Hall' },
    });
    expect(practicePlace([MILL])).toEqual(inDomain(MILL));
  });

  test('where the last device was put, without its position, as long as there is that domain', () => {
    const last = { org: 'northfield', domain: OAK.name, site: 'roof', siteTitle: 'ROOF' };
    expect(firstPlace(ALL, {}, last)).toEqual(last);
    expect(firstPlace([DEPOT, MILL], {}, last)).toEqual({});
    // A name alone is no domain: another organisation's of this name is another one.
    expect(firstPlace([DEPOT, MILL], {}, { org: 'westside', domain: DEPOT.name })).toEqual({});
  });

  test('where the device stands, whatever was last, and for a move where the last one was put', () => {
    const last = { org: 'westside', domain: MILL.name };
    const stands = {
      org: 'northfield',
      domain: OAK.name,
      site: 'hall',
      siteTitle: 'Hall',
      position: 'Shelf 1',
    };
    expect(firstPlace(ALL, { known }, last)).toEqual(stands);
    for (const act of ['renew', 'again'] as const)
      expect(firstPlace(ALL, { known, wish: { act, device: known } }, last)).toEqual(stands);
    expect(firstPlace(ALL, { known, wish: { act: 'move', device: known } }, last)).toEqual({
      ...last,
      site: '',
    });
  });

  test('a site that was closed since keeps its devices and its title', () => {
    const closed = { ...known, site: 'old', siteTitle: 'Old hall' };
    expect(firstPlace(ALL, { known: closed }, undefined)).toMatchObject({
      site: 'old',
      siteTitle: 'Old hall',
    });
  });

  test('where the device stands that is to be replaced', () => {
    const device = { ...known, udid: 'acme-old' };
    const begin = firstPlace(ALL, { wish: { act: 'replace', device } }, undefined);
    expect(begin).toMatchObject({ domain: OAK.name, site: 'hall', position: 'Shelf 1', instead: device });
    expect(replacedBy(begin)).toEqual({ maker: 'acme', udid: 'acme-old' });
    expect(replacedBy({ ...begin, domain: DEPOT.name })).toBeUndefined();
    expect(replacedBy({ ...begin, org: 'westside' })).toBeUndefined();
  });
});

test.each([
  ['same', { position: ' Shelf\u00a01 ' }],
  ['corrected', { position: 'Shelf 2' }],
  ['corrected', { site: '' }],
  ['moved', { domain: DEPOT.name }],
  ['another_owner', { org: 'westside', domain: MILL.name }],
] as const)('saving it there is %s: %j', (change, to) => {
  const here = { org: known.org, domain: known.domain, site: 'hall', position: 'Shelf 1' };
  expect(placeChange(known, { ...here, ...to })).toBe(change);
  expect(placeChange({ ...known, standing: 'ended' }, { ...here, ...to })).toBe('new');
  expect(placeChange(undefined, { ...here, ...to })).toBe('new');
});

describe('how far it is', () => {
  const at = (latitude: number, accuracyMetres = 10) => ({ latitude, longitude: 13.4, accuracyMetres });

  test.each([
    ['at the site', at(52.5), undefined],
    ['400 m off', at(52.5036), undefined],
    ['700 m off, by a phone that knows', at(52.5063), 700],
    ['700 m off, by a phone that does not know', at(52.5063, 300), undefined],
    ['a hundred kilometres off', at(53.4), 100_000],
    ['a hundred kilometres off, by a phone that only knows the town', at(53.4, 5_000), 100_000],
  ])('%s', (_, here, metres) => {
    const far = farFrom({ location: at(52.5) }, here);
    if (metres === undefined) expect(far).toBeUndefined();
    else expect((far ?? 0) / metres).toBeCloseTo(1, 1);
  });

  test('is not said where either is unknown', () => {
    expect(farFrom({}, at(52.5))).toBeUndefined();
    expect(farFrom({ location: at(52.5) }, undefined)).toBeUndefined();
  });
});
