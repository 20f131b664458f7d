import { readModuleFacts } from '../../kabi/module-facts.ts';
import { parseSeverities } from '../../kabi/severities.ts';
import { parseStablelist } from '../../kabi/stablelist.ts';
import { findSymbolUsers } from '../../kabi/symbol-users.ts';
import { parseSymvers } from '../../kabi/symvers.ts';
import {
  ModuleParseError,
  SeveritiesParseError,
  StablelistParseError,
  SymversParseError,
} from '../../model/parse-errors.ts';
import { readFixture } from '../kabi/fixtures.ts';
import { latin1 } from '../kabi/hostile.ts';
import { testEveryVariant } from './every-variant.ts';

testEveryVariant({
  parser: 'parseSymvers()',
  input: "Debian's Module.symvers",
  bytes: readFixture('symvers/debian-6.1.0-54-amd64.symvers'),
  parse: (bytes) => parseSymvers(latin1(bytes)),
  errorClass: SymversParseError,
  quickCount: 2000,
});
testEveryVariant({
  parser: 'parseSymvers()',
  input: 'four columns',
  bytes: readFixture('symvers/made-four-columns.symvers'),
  parse: (bytes) => parseSymvers(latin1(bytes)),
  errorClass: SymversParseError,
  quickCount: 50_000,
});

for (const name of ['acpi_call', 'virtio_dma_buf']) {
  const bytes = readFixture(`modules/${name}.ko`);
  testEveryVariant({
    parser: 'readModuleFacts()',
    input: `${name}.ko`,
    bytes,
    parse: readModuleFacts,
    errorClass: ModuleParseError,
    quickCount: 2500,
  });
  testEveryVariant({
    parser: 'findSymbolUsers()',
    input: `${name}.ko`,
    bytes,
    parse: findSymbolUsers,
    errorClass: ModuleParseError,
    quickCount: 2500,
  });
}

for (const name of ['kabi_stablelist_x86_64', 'Module.kabi_x86_64']) {
  testEveryVariant({
    parser: 'parseStablelist()',
    input: name,
    bytes: readFixture(`stablelists/${name}`),
    parse: (bytes) => parseStablelist(latin1(bytes)),
    errorClass: StablelistParseError,
    quickCount: 25_000,
  });
}
testEveryVariant({
  parser: 'parseSeverities()',
  input: 'kabi/severities',
  bytes: readFixture('stablelists/severities'),
  parse: (bytes) => parseSeverities(latin1(bytes)),
  errorClass: SeveritiesParseError,
  quickCount: 25_000,
});
