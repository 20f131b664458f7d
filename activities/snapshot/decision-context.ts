import type { Keep } from '../../model/settings.ts';
import type { Records } from '../records.ts';
import type { SnapshotPlace } from './snapshot-place.ts';

/** What every decision about a repository's next snapshot looks at. */
export interface DecisionContext extends Pick<SnapshotPlace, 'name' | 'directory'> {
  readonly keep: Keep;
  readonly records: Records;
  /** ISO 8601 in UTC. */
  readonly now: string;
}
