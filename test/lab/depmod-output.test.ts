import assert from 'node:assert/strict';
import test from 'node:test';
import {
  parseComplaints,
  parseModulesDep,
  parsePlainAliases,
  parseSoftDependencies,
} from '../../lab/truth/depmod-output.ts';

// Excerpts of what depmod 30 wrote about Debian's 6.12.117 and modules of the lab.

const STDERR = `depmod: WARNING: /t/lib/modules/6.12.117+deb12-amd64/weak-updates/jool/jool.ko disagrees about version of symbol ip_route_output_flow
depmod: WARNING: could not open modules.builtin.modinfo at /t: No such file or directory
depmod: WARNING: /t/lib/modules/6.12.117+deb12-amd64/weak-updates/jool/jool.ko needs unknown symbol strlcpy
`;

test('parseComplaints() reads both kinds of complaint and leaves out all other warnings', () => {
  const path = '/t/lib/modules/6.12.117+deb12-amd64/weak-updates/jool/jool.ko';

  assert.deepEqual(parseComplaints(STDERR), [
    { path, symbol: 'ip_route_output_flow', kind: 'version' },
    { path, symbol: 'strlcpy', kind: 'unknown' },
  ]);
});

const STDOUT = `kernel/crypto/crc32c_generic.ko:
weak-updates/jool/jool.ko: weak-updates/jool/jool_common.ko kernel/net/ipv6/netfilter/nf_defrag_ipv6.ko
# Aliases extracted from modules themselves.
alias crc32c crc32c_intel
alias cpu:type:x86,ven*fam*mod*:feature:*0094* crc32c_intel
alias crc32c crc32c_generic
# Soft dependencies extracted from modules themselves.
softdep libcrc32c pre: crc32c
softdep cifs gcm
softdep ksmbd pre: gcm
softdep ksmbd pre: ccm
softdep ipmi_msghandler post: ipmi_devintf
softdep both pre: one two post: three
# Aliases for symbols, used by symbol_request().
alias symbol:jool_add jool_common
`;

test('parseModulesDep() reads modules.dep and nothing behind it', () => {
  assert.deepEqual(parseModulesDep(STDOUT), [
    { path: 'kernel/crypto/crc32c_generic.ko', needs: [] },
    {
      path: 'weak-updates/jool/jool.ko',
      needs: ['weak-updates/jool/jool_common.ko', 'kernel/net/ipv6/netfilter/nf_defrag_ipv6.ko'],
    },
  ]);
});

test('parseSoftDependencies() takes only what comes before a module', () => {
  assert.deepEqual(
    [...parseSoftDependencies(STDOUT)],
    [
      ['libcrc32c', ['crc32c']],
      ['ksmbd', ['gcm', 'ccm']],
      ['both', ['one', 'two']],
    ],
  );
});

test('parsePlainAliases() takes all modules of an alias, and no patterns', () => {
  assert.deepEqual(
    [...parsePlainAliases(STDOUT)],
    [
      ['crc32c', ['crc32c_intel', 'crc32c_generic']],
      ['symbol:jool_add', ['jool_common']],
    ],
  );
});
