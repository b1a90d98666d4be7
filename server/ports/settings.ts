/** Facts about the installation that are made once, at its first start. */
export interface Settings {
  setting(name: string): Promise<string | undefined>;
  /** Sets it unless it is set; gives what then stands. */
  settle(name: string, value: string): Promise<string>;
}
