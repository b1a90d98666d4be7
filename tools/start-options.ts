import { parseArgs } from 'node:util';

/** What `npm start -- …` takes. */
export const START_USAGE = 'npm start -- [--public https://bind.example.org] [--email you@example.org]';

/** The variables that these words stand for; undefined if they are none of ours. */
export function startVariables(words: readonly string[]): Readonly<Record<string, string>> | undefined {
  try {
    const options = { public: { type: 'string' }, email: { type: 'string' } } as const;
    const { public: publicUrl, email } = parseArgs({ args: [...words], options }).values;
    return {
      ...(publicUrl === undefined ? {} : { FIELDBIND_PUBLIC_URL: publicUrl }),
      ...(email === undefined ? {} : { FIELDBIND_ACME: email }),
    };
  } catch {
    return undefined;
  }
}
