import type { CellOutcome, CellRecord } from '../../model/cell.ts';
import type { Kmod } from '../../model/kmod.ts';
import type { Stream } from '../../model/settings.ts';
import type { StatusReport } from '../../model/status.ts';
import type { Verdict } from '../../model/verdict.ts';
import {
  assembleStatus,
  type KnownKernel,
  type StatusFacts,
} from '../../report/assemble-status.ts';

/** The moment of every sample. */
export const NOW = '2026-11-23T12:30:00.000Z';

const DIGEST = '0'.repeat(64);

/** A stream with what a status needs of it. */
export function sampleStream(name: string, title: string): Stream {
  return {
    name,
    title,
    urls: ['https://mirror.example.org/'],
    arch: 'x86_64',
    family: { core: 'kernel-core', devel: 'kernel-devel', flavours: ['default'] },
    trust: { gpgKeys: [], gpgCheck: true, repoGpgCheck: false },
    pollIntervalMs: 900_000,
    staleAfterMs: 3_600_000,
    maxLost: 1,
    target: name,
    repository: 'kmods',
    keepKernels: 3,
  };
}

/** A kmod of the given streams. */
export function sampleKmod(name: string, streams: readonly string[], required = false): Kmod {
  const source = { kind: 'spec', spec: `/k/${name}.spec`, sources: '/k' } as const;
  return { name, source, dialect: 'auto', streams, required };
}

/** A kernel found on a day of November 2026. */
export function sampleKernel(release: string, day: number): KnownKernel {
  return { release, foundAt: `2026-11-${String(day).padStart(2, '0')}T06:00:00Z`, state: 'known' };
}

/** A record of a cell. */
export function sampleRecord(
  [stream, kmod, release]: readonly [string, string, string],
  verdict: Verdict,
  outcome: CellOutcome,
): CellRecord {
  return {
    stream,
    kmod,
    release,
    arch: 'x86_64',
    verdict,
    outcome,
    updatedAt: '2026-11-23T11:40:00.000Z',
    workflowId: `rebuild/${kmod}/${release}`,
    runId: '11111111-2222-3333-4444-555555555555',
  };
}

/** A build that was published. */
export function published(durationMs: number): CellOutcome {
  return {
    kind: 'published',
    packages: [],
    repository: 'kmods',
    snapshot: '000007',
    build: {
      inputDigest: DIGEST,
      sourceDigest: DIGEST,
      buildNumber: 1,
      durationMs,
      modules: { sha256: DIGEST, sizeBytes: 1, moduleCount: 1 },
      attemptLog: 'logs/build.log',
    },
  };
}

/** A build that failed. */
export function failed(reason: string): CellOutcome {
  return { kind: 'failed', step: 'build', reason, exitCode: 2, durationMs: 12_400 };
}

export const CRC_CHANGED: Verdict = {
  kind: 'rebuild',
  why: 'crc-changed',
  donor: '5.14.0-611.el9.x86_64',
  problems: {
    lostCount: 0,
    refusedCount: 0,
    crcCount: 41,
    shown: [
      {
        kind: 'crc',
        symbol: 'usb_register_driver',
        usedBy: 'v4l2loopback',
        wantedCrc: 0x0b1c2d3e,
        foundCrc: 0x11223344,
        provider: 'vmlinux',
      },
    ],
  },
};

export const SYMBOL_LOST: Verdict = {
  kind: 'broken',
  why: 'symbols-lost',
  donor: '5.14.0-611.el9.x86_64',
  problems: {
    lostCount: 1,
    refusedCount: 0,
    crcCount: 0,
    shown: [{ kind: 'lost', symbol: 'strlcpy', usedBy: 'jool', wantedCrc: 1 }],
  },
};

export const COMPATIBLE: Verdict = {
  kind: 'keep',
  why: 'compatible',
  donor: '5.14.0-610.el9.x86_64',
  importCount: 231,
};

const NEVER_BUILT: Verdict = { kind: 'rebuild', why: 'never-built' };
const EXCLUDED: Verdict = { kind: 'excluded', why: 'kernel-too-old', limit: '5.14.0-611' };

const CS9 = 'centos-stream-9';
const TW = 'opensuse-tumbleweed';
const EL = ['598', '605', '610', '611', '615'].map((number) => `5.14.0-${number}.el9.x86_64`);

function sampleRecords(): readonly CellRecord[] {
  const [oldest = '', second = '', third = '', fourth = '', newest = ''] = EL;
  return [
    ...['v4l2loopback', 'jool', 'zfs'].flatMap((kmod) => [
      sampleRecord([CS9, kmod, oldest], NEVER_BUILT, published(4200)),
      sampleRecord([CS9, kmod, second], COMPATIBLE, { kind: 'kept' }),
      sampleRecord([CS9, kmod, third], CRC_CHANGED, published(36_100)),
    ]),
    sampleRecord([CS9, 'v4l2loopback', fourth], COMPATIBLE, { kind: 'kept' }),
    sampleRecord([CS9, 'zfs', fourth], CRC_CHANGED, published(603_000)),
    sampleRecord([CS9, 'jool', fourth], COMPATIBLE, { kind: 'kept' }),
    sampleRecord([CS9, 'v4l2loopback', newest], CRC_CHANGED, published(4100)),
    sampleRecord(
      [CS9, 'jool', newest],
      SYMBOL_LOST,
      failed(
        '/builddir/jool/src/mod/common/xlator.c:42:9: error: implicit declaration of function ‘strlcpy’',
      ),
    ),
    sampleRecord(
      [CS9, 'jool-extras', newest],
      { kind: 'blocked', by: 'jool' },
      { kind: 'blocked', by: 'jool' },
    ),
    ...EL.slice(0, 3).map((release) =>
      sampleRecord([CS9, 'ovpn-dco', release], EXCLUDED, { kind: 'excluded' }),
    ),
    sampleRecord([CS9, 'ovpn-dco', fourth], NEVER_BUILT, published(7300)),
    sampleRecord([TW, 'v4l2loopback', '6.17.8-1-default'], NEVER_BUILT, published(1400)),
  ];
}

/** A report with every state, made as the product makes it. */
export function sampleStatus(change: Partial<StatusFacts> = {}): StatusReport {
  const newest = EL.at(-1) ?? '';
  return assembleStatus({
    now: NOW,
    streams: [
      {
        stream: sampleStream(CS9, 'CentOS Stream 9 (x86_64)'),
        lastLook: { at: '2026-11-23T12:26:00.000Z', ok: true, message: 'unchanged' },
        kernels: EL.map((release, index) => sampleKernel(release, 3 + index * 4)),
      },
      {
        stream: sampleStream(TW, 'openSUSE Tumbleweed (x86_64)'),
        lastLook: { at: '2026-11-23T09:10:00.000Z', ok: false, message: 'mirror answered 503' },
        kernels: [
          sampleKernel('6.17.8-1-default', 18),
          { ...sampleKernel('6.17.9-1-default', 22), state: 'waiting-for-devel' },
        ],
      },
    ],
    kmods: [
      sampleKmod('zfs', [CS9], true),
      sampleKmod('v4l2loopback', [CS9, TW], true),
      sampleKmod('jool', [CS9]),
      sampleKmod('jool-extras', [CS9]),
      sampleKmod('ovpn-dco', [CS9]),
    ],
    records: sampleRecords(),
    active: [
      { stream: CS9, kmod: 'zfs', release: newest, phase: 'running', verdict: CRC_CHANGED },
      { stream: CS9, kmod: 'ovpn-dco', release: newest, phase: 'queued', verdict: CRC_CHANGED },
    ],
    links: {
      temporalUi: 'http://127.0.0.1:8233/',
      repositories: [
        {
          name: 'kmods',
          baseUrl: 'https://kmods.example.org/kmods/',
          repoFileUrl: 'https://kmods.example.org/kmods.repo',
        },
      ],
    },
    linkCell: ({ kmod, release }, outcome) => ({
      ...(outcome?.kind === 'published' || outcome?.kind === 'failed'
        ? { log: `logs/${kmod}/${release}.log` }
        : {}),
      temporal: `http://127.0.0.1:8233/namespaces/default/workflows/rebuild%2F${kmod}%2F${release}`,
    }),
    ...change,
  });
}
