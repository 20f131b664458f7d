import type { Command } from 'commander';

/** Command lines as people type them, by command; a test holds that each names what there is. */
export const COMMAND_EXAMPLES: Readonly<Record<string, readonly string[]>> = {
  init: ['rekmod init', 'rekmod init --stream centos-stream-9 --output /etc/rekmod/rekmod.yaml'],
  doctor: ['rekmod doctor', 'rekmod doctor && systemctl start rekmod'],
  config: ['rekmod config check', 'rekmod config diff'],
  up: ['rekmod up', 'rekmod --config /etc/rekmod/rekmod.yaml up'],
  reload: ['rekmod reload'],
  upkeep: ['rekmod upkeep --dry-run'],
  status: ['rekmod status', 'rekmod status --stream centos-stream-9', 'rekmod status --json'],
  watch: [
    'rekmod watch',
    'rekmod watch --stream centos-stream-9',
    'rekmod watch | tee changes.log',
  ],
  why: ['rekmod why jool', 'rekmod why jool 5.14.0-611.el9.x86_64'],
  logs: ['rekmod logs jool 5.14.0-611.el9.x86_64', 'rekmod logs jool 5.14.0-611.el9.x86_64 -f'],
  kernels: ['rekmod kernels', 'rekmod kernels --stream centos-stream-9 --json'],
  kmods: ['rekmod kmods', 'rekmod kmods --json'],
  kabi: ['rekmod kabi diff 5.14.0-610.el9.x86_64 5.14.0-611.el9.x86_64 --kmod jool'],
  plan: ['rekmod plan', 'rekmod plan --kernel 5.14.0-611.el9.x86_64'],
  cancel: ['rekmod cancel jool 5.14.0-611.el9.x86_64'],
  reproduce: ['rekmod reproduce jool 5.14.0-611.el9.x86_64 --run'],
  import: ['rekmod import dkms downloads/acpi-call-dkms_1.2.2-2.1_all.deb'],
  dud: ['rekmod dud jool --kernel 5.14.0-611.el9.x86_64'],
  waive: [
    'rekmod waive 5.14.0-615.el9.x86_64 jool --until 14d --by "Ann" --why "jool is used by no machine"',
  ],
  unwaive: ['rekmod unwaive 5.14.0-615.el9.x86_64 jool --by "Ann" --why "it is used again"'],
  freeze: ['rekmod freeze jool --by "Ann" --why "release week"'],
  thaw: ['rekmod thaw jool --by "Ann" --why "the week is over"'],
  stream: [
    'rekmod stream accept centos-stream-9 --by "Ann" --why "the mirror really dropped old kernels"',
  ],
  snapshots: ['rekmod snapshots', 'rekmod snapshots centos-stream-9'],
  completion: [
    'rekmod completion bash > /etc/bash_completion.d/rekmod',
    'rekmod completion fish > ~/.config/fish/completions/rekmod.fish',
  ],
  man: ['rekmod man > /usr/local/share/man/man1/rekmod.1', 'rekmod man | man -l -'],
};

/** Shows the examples below the help of each command that is there. */
export function addExamples(program: Command): void {
  for (const command of program.commands) {
    const examples = COMMAND_EXAMPLES[command.name()] ?? [];
    if (examples.length === 0) continue;
    command.addHelpText('after', `\nExamples:\n${examples.map((line) => `  ${line}`).join('\n')}`);
  }
}
