/**
 * Terminal control in a console's text. Zephyr's shell colours errors and the prompt, and moves the cursor to wipe its
 * prompt before a log line (subsys/shell/shell_vt100.h): none of it is content.
 */

const CONTROL =
  // biome-ignore lint/suspicious/noControlCharactersInRegex: terminal control sequences are what is looked for
  /\u001b(?:\[[0-9;?]{0,16}[@-~]|[@-Z\\-_])|[\u0000-\u0008\u000b\u000c\u000e-\u001a\u001c-\u001f\u007f]/g;
// biome-ignore lint/suspicious/noControlCharactersInRegex: an escape sequence that has not arrived whole
const UNFINISHED = /\u001b(?:\[[0-9;?]{0,16})?$/;

export function withoutControl(text: string): string {
  return text.replace(CONTROL, '');
}

/** How many characters at the end may be the start of a sequence whose rest is still to come. */
export function unfinishedControl(text: string): number {
  return UNFINISHED.exec(text)?.[0].length ?? 0;
}

/** Of one call: runtimes have a bound. */
const ARGUMENTS = 1_024;

/** Latin-1 is enough and never throws: consoles speak ASCII, and a byte that is not must not break the reading. */
export function consoleText(bytes: Uint8Array): string {
  let out = '';
  for (let at = 0; at < bytes.length; at += ARGUMENTS)
    out += String.fromCharCode(...bytes.subarray(at, at + ARGUMENTS));
  return out;
}
