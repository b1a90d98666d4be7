import { createInterface } from 'node:readline';
import { Writable } from 'node:stream';

/** Asks one question after another, at a terminal or of a file. */
export interface Asker {
  /** Undefined: nobody answers any more. `secret`: at a terminal, what is typed is not shown. */
  ask(question: string, secret?: boolean): Promise<string | undefined>;
  close(): void;
}

export function asker(input: NodeJS.ReadableStream, output: NodeJS.WritableStream): Asker {
  let isMuted = false;
  const shown = new Writable({
    write(chunk, _encoding, done) {
      if (!isMuted) output.write(chunk);
      done();
    },
  });
  const isTerminal = (input as { isTTY?: boolean }).isTTY === true;
  const lines = createInterface({ input, output: shown, terminal: isTerminal });
  // Of a file several lines come at once, so they are kept until they are asked for.
  const came: string[] = [];
  const waiting: ((line: string | undefined) => void)[] = [];
  let isOver = false;
  lines.on('line', (line) => {
    const next = waiting.shift();
    if (next === undefined) came.push(line);
    else next(line);
  });
  lines.on('close', () => {
    isOver = true;
    for (const next of waiting.splice(0)) next(undefined);
  });
  return {
    async ask(question, secret = false) {
      output.write(`${question} `);
      if (came.length > 0 || isOver) return came.shift();
      const { promise, resolve } = Promise.withResolvers<string | undefined>();
      waiting.push(resolve);
      isMuted = secret && isTerminal;
      const line = await promise;
      if (isMuted) output.write('\n');
      isMuted = false;
      return line;
    },
    close: () => lines.close(),
  };
}
