// Follows the plan of an initramfs as a guest does; see fake-qemu.ts. Arguments: a file with settings, then QEMU's.
import { appendFileSync, existsSync, readFileSync } from 'node:fs';

const [settingsFile = '', ...args] = process.argv.slice(2);
const settings = JSON.parse(readFileSync(settingsFile, 'utf8'));
// The question whether it knows -sandbox.
const isProbe = args.includes('none') && args.includes('-monitor');
if (!isProbe) boot();

function boot() {
  const archive = readFileSync(args[args.indexOf('-initrd') + 1] ?? '').toString('latin1');
  const [, token, plan = ''] = /([0-9a-f]{32})\n((?:[girw] [^\n]*\n)+)/.exec(archive) ?? [];
  const inserted = [...plan.matchAll(/^i \d+ \S+ (.*?) ?$/gm)].map(([, words]) => words);
  const log = `${settingsFile}.boots`;
  const bootCount = existsSync(log) ? readFileSync(log, 'utf8').split('\n').length - 1 : 0;
  appendFileSync(log, `${JSON.stringify(inserted)}\n`);
  if (settings.isSilent) setInterval(() => undefined, 1000);
  else if (bootCount >= (settings.deadBoots ?? 0)) speak(token, plan);
}

function speak(token, plan) {
  const records = plan.trim().split('\n').flatMap(answer);
  for (const record of [`begin ${settings.release}`, ...records, 'end exit']) {
    if (record.startsWith('in ') && settings.log) write(settings.log);
    write(`rekmod-${token} ${record}`);
  }
  process.exitCode = 33;
}

function answer(line) {
  const [word, step, , name] = line.split(' ');
  if (word === 'g') return [`group ${step}`];
  if (word === 'r') return [`del ${step}`, `out ${step} 0 12288 -`];
  if (word !== 'i') return [];
  return [`try ${step}`, `in ${step} ${settings.errnos?.[name] ?? 0} 12288 OE`];
}

function write(line) {
  process.stdout.write(`[    1.000000] ${line}\r\n`);
}
