import { RekmodError } from './errors.ts';

/** A driver disk would not do in the installer what it is made for; nothing was written. */
export class DriverDiskRefusedError extends RekmodError {
  readonly failureClass = 'outcome';
  readonly kmod: string;
  /** `uname -r` of the installer's kernel. */
  readonly release: string;
  /** Each a sentence that names the package and what to do about it. */
  readonly reasons: readonly string[];

  constructor(kmod: string, release: string, reasons: readonly string[]) {
    const [only = ''] = reasons;
    const list = reasons.length === 1 ? ` ${only}` : reasons.map((one) => `\n  ${one}`).join('');
    super(`Cannot make a driver disk of "${kmod}" for ${release}:${list}`);
    this.kmod = kmod;
    this.release = release;
    this.reasons = reasons;
  }
}
