import '../needs-node.mjs';

/** `npm run fieldbind`: the command line in a process of its own. */
const { runCommandLine } = await import('./command-line.ts');
process.exitCode = await runCommandLine(process.argv.slice(2), {
  env: process.env,
  print: (line) => console.log(line),
  watched: process.stdout.isTTY === true,
  complain: (line) => console.error(line),
  input: process.stdin,
  questions: process.stderr,
});
