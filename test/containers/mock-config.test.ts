import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdir, writeFile } from 'node:fs/promises';
import test from 'node:test';
import { type MockConfig, renderMockConfig } from '../../containers/mock/render-config.ts';
import { readStockRoot } from '../../containers/mock/stock-root.ts';
import { MockRootMissingError } from '../../model/mock-errors.ts';
import { makeScratch } from '../support/scratch.ts';
import { KERNEL, LIMITS } from './backend-rig.ts';

/** Loads a configuration as mock does: text of other files is put in, then all is executed. */
const LOADER = String.raw`
import json, re, sys
def load(path):
    text = open(path).read()
    for argument in re.findall(r'^\s*include\((.*)\)', text, re.M):
        inner = load(eval(argument))
        text = re.sub(r'^\s*include\((.*)\)', lambda _: inner, text, count=1, flags=re.M)
    return text
def main():
    config_opts = {'plugin_conf': {'root_cache_opts': {}}, 'macros': {}, 'nspawn_args': ['--bind=/x']}
    exec(load(sys.argv[1]))
    print(json.dumps(config_opts))
main()
`;

const STOCK = `
config_opts['root'] = 'centos-stream-9-{{ target_arch }}'
config_opts['rpmbuild_networking'] = True
config_opts['chroot_additional_packages'] = 'tar which'
config_opts['dnf.conf'] = """
[main]
keepcache=1
enabled=1 and none of a repository's

[baseos]
name=CentOS Stream $releasever - BaseOS
baseurl=https://mirror.example.org/BaseOS/$basearch/os/

{% if koji %}
[appstream]
enabled = 1
baseurl=https://mirror.example.org/AppStream/$basearch/os/
{% endif %}
"""
`;

const hasPython = spawnSync('python3', ['--version']).status === 0;
const skip = hasPython ? false : 'python3 is not installed, whose language mock is configured in';

async function loadConfig(changes: Partial<MockConfig> = {}): Promise<Record<string, unknown>> {
  await using scratch = await makeScratch();
  const stockFile = scratch.at('stock "root".cfg');
  await writeFile(stockFile, STOCK);
  await writeFile(
    scratch.at('a.cfg'),
    renderMockConfig({
      stockFile,
      root: 'rekmod-0123456789abcdef',
      isolation: 'simple',
      devel: KERNEL.develNevra,
      kernelRepository: '/srv/a b/{{c}}$d',
      packages: ['gcc', 'pkgconfig(libelf) >= 1'],
      repositories: {},
      keys: [],
      limits: LIMITS,
      ...changes,
    }),
  );
  const { stdout, stderr } = spawnSync('python3', ['-c', LOADER, scratch.at('a.cfg')]);
  assert.equal(stderr.toString(), '');
  return JSON.parse(stdout.toString());
}

test('renderMockConfig() writes what mock makes a root of its own with', { skip }, async () => {
  const config = await loadConfig();

  assert.equal(config.root, 'rekmod-0123456789abcdef');
  assert.equal(config.rpmbuild_networking, false);
  assert.equal(config.update_before_build, false);
  assert.equal(config.isolation, 'simple');
  assert.deepEqual(config.nspawn_args, ['--bind=/x']);
  assert.deepEqual(config.chroot_additional_packages, [
    'tar',
    'which',
    'kernel-devel-6.1.0-54.amd64.x86_64',
    'gcc',
    'pkgconfig(libelf) >= 1',
  ]);
});

test('renderMockConfig() lets the verified kernel-devel come from nowhere else', {
  skip,
}, async () => {
  const conf = String((await loadConfig())['dnf.conf']);

  assert.match(conf, /^\[baseos\]\nexcludepkgs=kernel-devel$/m);
  assert.match(conf, /^\[appstream\]\nexcludepkgs=kernel-devel$/m);
  assert.doesNotMatch(conf, /\[main\]\nexcludepkgs/);
  assert.match(conf, /\n\[rekmod-kernel\]\n.*\nbaseurl=file:\/\/\/srv\/a%20b\/%7B%7Bc%7D%7D%24d\n/);
  assert.match(conf, /\npriority=1\n/);
  assert.match(conf, /keepcache=1\nenabled=1 and none/);
});

test("renderMockConfig() replaces a root's repositories by those of the target", {
  skip,
}, async () => {
  const repositories = { 'my base': 'https://example.org/{x}/$basearch/', lab: 'file:///srv/lab' };
  const conf = String((await loadConfig({ repositories }))['dnf.conf']);

  assert.match(conf, /^\[baseos\]\nenabled=0$/m);
  assert.match(conf, /^\[appstream\]\nenabled=0\nbaseurl/m);
  assert.match(
    conf,
    /\[rekmod-own-my_base\]\n.*\nbaseurl=https:\/\/example\.org\/%7Bx%7D\/\$basearch\/\nenabled=1/,
  );
  assert.match(conf, /\[rekmod-own-lab\]\n[^[]*excludepkgs=kernel-devel\n/);
});

test('renderMockConfig() has signatures of the target’s repositories checked if it has keys', {
  skip,
}, async () => {
  const repositories = { lab: 'file:///srv/lab' };
  const without = String((await loadConfig({ repositories }))['dnf.conf']);
  const keys = ['/srv/a b/key-0.asc', '/srv/{{k}}.asc'];
  const conf = String((await loadConfig({ repositories, keys }))['dnf.conf']);

  const own = conf.slice(conf.indexOf('[rekmod-own-lab]'));
  assert.match(
    own,
    /\ngpgcheck=1\ngpgkey=file:\/\/\/srv\/a%20b\/key-0\.asc file:\/\/\/srv\/%7B%7Bk%7D%7D\.asc\n/,
  );
  assert.doesNotMatch(own, /gpgcheck=0/);
  assert.match(without.slice(without.indexOf('[rekmod-own-lab]')), /\ngpgcheck=0\n/);
});

test('renderMockConfig() hands limits to nspawn, but not to the root that runs dnf', {
  skip,
}, async () => {
  const config = await loadConfig({ isolation: 'nspawn' });

  assert.deepEqual(config.bootstrap_nspawn_args, ['--bind=/x']);
  assert.deepEqual(config.nspawn_args, [
    '--bind=/x',
    `--property=MemoryMax=${LIMITS.memoryBytes}`,
    '--property=MemorySwapMax=0',
    `--property=TasksMax=${LIMITS.pids}`,
    '--property=CPUQuota=200%',
  ]);
});

test('renderMockConfig() names an epoch as dnf does', { skip }, async () => {
  const devel = { ...KERNEL.develNevra, epoch: 2 };
  const config = await loadConfig({ devel });

  assert.match(
    String(config.chroot_additional_packages),
    /kernel-devel-2:6\.1\.0-54\.amd64\.x86_64/,
  );
});

test('readStockRoot() gives another digest when an included file changes', async () => {
  await using scratch = await makeScratch();
  await mkdir(scratch.at('templates'));
  const target = { root: 'a-x86_64', name: 'a' };
  await writeFile(
    scratch.at('a-x86_64.cfg'),
    'include(\'templates/a.tpl\')\nx\n  include("b.cfg")\n',
  );
  await writeFile(scratch.at('templates/a.tpl'), "include('templates/a.tpl')\n");
  const first = await readStockRoot(scratch.path, target);
  const again = await readStockRoot(scratch.path, target);
  await writeFile(scratch.at('b.cfg'), 'new');
  const changed = await readStockRoot(scratch.path, target);
  await writeFile(scratch.at('site-defaults.cfg'), 'new');
  const site = await readStockRoot(scratch.path, target);

  assert.equal(first.file, scratch.at('a-x86_64.cfg'));
  assert.deepEqual(again, first);
  assert.equal(new Set([first.digest, changed.digest, site.digest]).size, 3);
});

test('readStockRoot() throws for a root that mock does not have', async () => {
  await using scratch = await makeScratch();

  await assert.rejects(readStockRoot(scratch.path, { root: 'no', name: 'lab' }), (error) => {
    assert.ok(error instanceof MockRootMissingError);
    assert.match(error.message, /"no" of the target "lab": expected ".*\/no\.cfg", found none/);
    return true;
  });
});
