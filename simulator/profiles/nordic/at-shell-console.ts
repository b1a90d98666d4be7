/** A Zephyr shell whose one command is `at '...'`: echo, prompt, Ctrl+C, `\n` within the quotes for a line feed. */
export class AtShellConsole {
  readonly #run: (command: string) => Promise<string>;
  readonly #print: (text: string) => void;
  #line = '';

  constructor(run: (command: string) => Promise<string>, print: (text: string) => void) {
    this.#run = run;
    this.#print = print;
  }

  async take(byte: number): Promise<void> {
    if (byte === 0x03) {
      this.#line = '';
      this.#print('^C\r\nmosh:~$ ');
    } else if (byte === 0x0d || byte === 0x0a) {
      const line = this.#line.trim();
      this.#line = '';
      this.#print(`\r\n${await this.#answer(line)}mosh:~$ `);
    } else if (byte >= 0x20 && this.#line.length < 2_599) {
      this.#line += String.fromCharCode(byte);
      this.#print(String.fromCharCode(byte));
    }
  }

  async #answer(line: string): Promise<string> {
    if (line === '') return '';
    const command = /^at '([^']*)'$/.exec(line)?.[1];
    if (command !== undefined) return this.#run(command.replaceAll('\\n', '\n'));
    return `${line.split(/\s/)[0]}: command not found\r\n`;
  }
}
