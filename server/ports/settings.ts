/** Facts about the installation, most of them written once, at its first start. */
export interface Settings {
  setting(name: string): Promise<string | undefined>;
  /** Sets the value unless there is one; returns the value that is then stored. */
  settle(name: string, value: string): Promise<string>;
  /** Replaces the value of a setting. */
  change(name: string, value: string): Promise<void>;
  remove(name: string): Promise<void>;
  /** Removes a setting, as far as the engine allows without a trace in its file. */
  wipe(name: string): Promise<void>;
}
