// A program in mock's place that does nothing by itself: it tells the test what it was asked and does
// what the test says, line by line, over a socket. It ends by SIGTERM as mock does, with code 143.
import { spawn } from 'node:child_process';
import { appendFileSync, mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { dirname } from 'node:path';
import { createInterface } from 'node:readline';

const [socketPath, ...argv] = process.argv.slice(2);
if (argv.includes('--version')) {
  process.stdout.write('6.7\n');
  process.exit(0);
}

const socket = connect(socketPath);
const tell = (message) => socket.write(`${JSON.stringify(message)}\n`);
let isDeaf = false;
process.on('SIGTERM', () => {
  if (!isDeaf) socket.end('', () => process.exit(143));
});
tell({ argv, pid: process.pid, env: process.env });

const ACTIONS = {
  print: ({ text }) => process.stdout.write(text),
  complain: ({ text }) => process.stderr.write(text),
  append: ({ path, text }) => appendFileSync(path, text),
  write: ({ path, text }) => {
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, text);
  },
  link: ({ path, target }) => symlinkSync(target, path),
  ignoreSigterm: () => {
    isDeaf = true;
  },
  spawn: ({ program, args }) => {
    const child = spawn(program, args, { stdio: 'ignore' });
    return { pid: child.pid };
  },
  exit: ({ code }) => socket.end('', () => process.exit(code)),
  kill: ({ signal }) => process.kill(process.pid, signal),
};

for await (const line of createInterface({ input: socket })) {
  const { action, ...rest } = JSON.parse(line);
  const answer = ACTIONS[action](rest);
  if (action !== 'exit' && action !== 'kill') tell({ done: answer ?? true });
}
