import assert from 'node:assert/strict';
import test from 'node:test';
import { EXTRA_SYMBOLS_FILE, exportExtraSymbols } from '../../rpm/spec-extra-symbols.ts';
import { readFixtureText } from '../kabi/fixtures.ts';

const SPEC = `Name: a
Source0: a.tar.gz
%if 0%{?rhel}
Source1: b
%endif
License: GPL
%description
%prep
%setup
%build
make
%install
make install
%files
`;

test('exportExtraSymbols() adds a source and names it wherever kbuild may be called', () => {
  const lines = exportExtraSymbols(SPEC).split('\n');
  const value = `"%{_sourcedir}/${EXTRA_SYMBOLS_FILE}\${KBUILD_EXTRA_SYMBOLS:+ $KBUILD_EXTRA_SYMBOLS}"`;
  const line = `export KBUILD_EXTRA_SYMBOLS=${value}`;

  assert.deepEqual(
    lines.filter((text) => !SPEC.split('\n').includes(text)),
    [`Source7130: ${EXTRA_SYMBOLS_FILE}`, line, line],
  );
  assert.equal(lines[2], `Source7130: ${EXTRA_SYMBOLS_FILE}`);
  assert.equal(lines[lines.indexOf('%build') + 1], line);
  assert.equal(lines[lines.indexOf('%install') + 1], line);
});

for (const name of ['elrepo9', 'kmodtool', 'suse-kmp', 'rhel-kmp', 'openzfs']) {
  test(`exportExtraSymbols() finds a place for the source in a spec of ${name}`, () => {
    const text = exportExtraSymbols(readFixtureText(`specs/${name}.spec`));

    const [preamble = ''] = text.split(/^%description/m);
    assert.equal(preamble.split(`\nSource7130: ${EXTRA_SYMBOLS_FILE}\n`).length, 2);
  });
}
