import { RekmodError } from '../../model/errors.ts';
import type { Kmod } from '../../model/kmod.ts';
import type { Sha256Hex } from '../../model/store.ts';
import type { Validators } from '../../model/stream-watch.ts';
import type { SourcePin, SourcePins } from './source-pins.ts';

/**
 * How new a source that lies elsewhere must be: `newest` asks its server, `known` takes what was found
 * last and asks only if nothing is known.
 */
export type Freshness = 'newest' | 'known';

/** What decides which pin is taken. */
export interface ChoosePinOptions {
  readonly pins: SourcePins;
  readonly freshness?: Freshness;
  readonly planned?: Sha256Hex;
  readonly now: () => Date;
  readonly report: (sentence: string) => void;
  /** Asks the server. */
  readonly look: (
    validators: Validators,
  ) => Promise<
    | { readonly kind: 'unchanged' }
    | { readonly kind: 'found'; readonly pin: SourcePin; readonly validators?: Validators }
  >;
}

/** Several kernels that are planned one after the other see one state of the world. */
const LOOK_INTERVAL_MS = 15_000;

/**
 * Chooses what of a source that lies elsewhere is read: the very thing that was planned, else what it is
 * now. While its server is down, what was found last will do.
 *
 * @throws What `look` throws, if nothing is known from before.
 */
export async function choosePin(kmod: Kmod, options: ChoosePinOptions): Promise<SourcePin> {
  const { pins, freshness = 'newest', planned, now, report, look } = options;
  const known = await pins.read(kmod);
  const exact = known?.bySource.find(({ sourceDigest }) => sourceDigest === planned);
  if (exact) return exact.pin;
  if (known && (freshness === 'known' || isRecent(known.checkedAt, now()))) return known.newest;
  try {
    const found = await look(known?.validators ?? {});
    const pin = found.kind === 'found' ? found.pin : known?.newest;
    if (pin === undefined) throw new Error('BUG: unchanged since a look that is not known');
    const validators = found.kind === 'found' ? found.validators : known?.validators;
    const checkedAt = now().toISOString();
    await pins.note(kmod, { checkedAt, pin, ...(validators ? { validators } : {}) });
    return pin;
  } catch (error) {
    const isPassing = error instanceof RekmodError && error.failureClass === 'transient';
    if (!known || !isPassing) throw error;
    report(`${kmod.name}: the source found at ${known.checkedAt} is used: ${error.message}`);
    return known.newest;
  }
}

function isRecent(checkedAt: string, now: Date): boolean {
  const ageMs = now.getTime() - Date.parse(checkedAt);
  return ageMs >= 0 && ageMs < LOOK_INTERVAL_MS;
}
