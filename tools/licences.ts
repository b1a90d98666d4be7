/** A package in a CycloneDX list, as far as its licence goes. */
export interface Component {
  readonly name: string;
  readonly version: string;
  readonly licenses?: readonly (
    | { readonly expression: string }
    | { readonly license: { readonly id?: string; readonly name?: string } }
  )[];
}

/**
 * What may go into page and server (SPDX). Each lets us give the whole on under Apache-2.0 and asks for no more than its
 * own text beside it. One that asks for the source of what is linked with it belongs here only after somebody decided so.
 */
const ALLOWED: ReadonlySet<string> = new Set([
  '0BSD',
  'Apache-2.0',
  'BlueOak-1.0.0',
  'BSD-2-Clause',
  'BSD-3-Clause',
  'CC0-1.0',
  'ISC',
  'MIT',
  // MIT without even the text that has to stand beside it.
  'MIT-0',
]);

/** Packages that name no licence of the list themselves, with the one that was read in them, and where. */
export const EXCEPTIONS: Readonly<Record<string, { readonly licence: string; readonly reason: string }>> = {
  'web-serial-polyfill': {
    licence: 'Apache-2.0',
    reason: 'its package.json says "Apache", which is no SPDX name; its LICENSE is the text of Apache-2.0',
  },
};

/** One sentence for each package whose licence nobody has agreed to. */
export function licenceFaults(components: readonly Component[]): string[] {
  return components.flatMap((component) => {
    const told = licenceOf(component);
    if (told !== undefined && isAllowed(told)) return [];
    const exception = EXCEPTIONS[component.name];
    if (exception !== undefined && isAllowed(exception.licence)) return [];
    return [`${component.name} ${component.version}: ${told ?? 'no licence named'}`];
  });
}

/** Exceptions that no package needs any more. */
export function idleExceptions(components: readonly Component[]): string[] {
  const needed = components
    .filter((component) => !isAllowed(licenceOf(component) ?? ''))
    .map(({ name }) => name);
  return Object.keys(EXCEPTIONS).filter((name) => !needed.includes(name));
}

/** Several licences of one package are all to be kept. */
function licenceOf({ licenses = [] }: Component): string | undefined {
  const told = licenses.map((one) =>
    'expression' in one ? one.expression : (one.license.id ?? one.license.name ?? ''),
  );
  return told.length === 0 ? undefined : told.join(' AND ');
}

/** An SPDX expression of AND and OR; AND binds closer. What is anything else, WITH an exception for one, is not allowed. */
function isAllowed(expression: string): boolean {
  const tokens = expression.match(/[()]|[^\s()]+/g) ?? [];
  let at = 0;
  const either = (): boolean => {
    let allowed = both();
    while (tokens[at] === 'OR') {
      at++;
      // Called first: its words have to be read in any case.
      allowed = both() || allowed;
    }
    return allowed;
  };
  const both = (): boolean => {
    let allowed = one();
    while (tokens[at] === 'AND') {
      at++;
      allowed = one() && allowed;
    }
    return allowed;
  };
  const one = (): boolean => {
    const token = tokens[at++];
    if (token !== '(') return token !== undefined && ALLOWED.has(token);
    const inner = either();
    return tokens[at++] === ')' && inner;
  };
  const allowed = either();
  return allowed && at === tokens.length;
}
