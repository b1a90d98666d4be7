/** Facts about the installation, most of them made once, at its first start. */
export interface Settings {
  setting(name: string): Promise<string | undefined>;
  /** Sets it unless it is set; gives what then stands. */
  settle(name: string, value: string): Promise<string>;
  /** Another value for one that is set. */
  change(name: string, value: string): Promise<void>;
}
