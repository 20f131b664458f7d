/** How a cell stands, in one word. */
export type CellState =
  /** Published modules of this or another kernel fit. */
  | 'kept'
  | 'built'
  /** It was published, and a rollback took it away. */
  | 'withheld'
  | 'running'
  /** To be built, or queued. */
  | 'waiting'
  | 'failed'
  /** A kmod that it needs failed. */
  | 'blocked'
  /** Out of the kmod's kernel range. */
  | 'excluded'
  | 'cancelled'
  /** Nothing is known yet. */
  | 'unknown';
