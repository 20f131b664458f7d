/** What stands in many headlines. */
export interface HeadlineWords {
  readonly kmod: string;
  /** E.g. `kernel 6.1.0-55-amd64`. */
  readonly kernel: string;
  /** E.g. `run "rekmod rebuild jool --kernel 6.1.0-55-amd64"`. */
  readonly again: string;
}
