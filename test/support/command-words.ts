/** What a shell makes of a command of ours as it stands on a screen: its words after `npm run fieldbind --`. */
export function commandWords(command: string): string[] {
  const [, words] = /^npm run fieldbind -- (.+)$/.exec(command) ?? [];
  if (words === undefined) throw new Error(`no command: ${command}`);
  return [...words.matchAll(/"([^"]*)"|(\S+)/g)].map(([, quoted, bare]) => quoted ?? bare ?? '');
}
