/** What a benchmark says, and the last line of `--json`: ratios of things measured side by side in one run, and figures. */
export interface Report {
  readonly name: string;
  readonly ratios: Readonly<Record<string, number>>;
  readonly figures: Readonly<Record<string, number>>;
}
