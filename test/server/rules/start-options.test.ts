import { expect, it } from 'vitest';
import { startVariables } from '../../../tools/start-options.ts';

it('npm start takes the public address and an e-mail address, and nothing else', () => {
  const both = ['--public', 'https://bind.example.org', '--email=ops@example.org'];
  expect(startVariables(both)).toEqual({
    FIELDBIND_PUBLIC_URL: 'https://bind.example.org',
    FIELDBIND_ACME: 'ops@example.org',
  });
  expect(startVariables([])).toEqual({});
  for (const wrong of [['--publik', 'x'], ['https://bind.example.org'], ['--public'], ['--email']])
    expect(startVariables(wrong)).toBeUndefined();
});
