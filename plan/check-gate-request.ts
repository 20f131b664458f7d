import { type FreezeSubject, type GatedKernel, type GateRules, isOpen } from '../model/gate.ts';
import { isSameSubject } from './change-rules.ts';

/** What every request of a person has. */
export interface SignedRequest {
  readonly why: string;
  readonly by: string;
  readonly release?: string;
  readonly kmod?: string;
  readonly subject?: FreezeSubject;
  readonly until?: string;
}

/** What a gate knows, by which a request is judged. */
export interface GateKnowledge {
  readonly stream: string;
  readonly kernels: readonly Pick<GatedKernel, 'release' | 'state'>[];
  readonly kmods: readonly string[];
  readonly rules: GateRules;
}

/** The names of a gate's updates. */
export type GateAction =
  | 'waive'
  | 'unwaive'
  | 'freeze'
  | 'thaw'
  | 'promote'
  | 'recall'
  | 'fastLane';

const MAX_TEXT_LENGTH = 500;
/** An ISO 8601 moment in UTC as JavaScript writes it. */
const MOMENT = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}\.\d{3}Z$/;

/**
 * Says what is wrong with the form of a request, before anything is known of the gate.
 *
 * @param now ISO 8601 in UTC.
 * @returns One sentence; undefined if nothing is.
 */
export function findFormFault(
  action: GateAction,
  request: SignedRequest,
  now: string,
): string | undefined {
  for (const key of ['why', 'by'] as const) {
    const { length } = (request[key] ?? '').trim();
    if (length > 0 && length <= MAX_TEXT_LENGTH) continue;
    return `Cannot ${verbOf(action)}: expected "${key}" of 1 to ${MAX_TEXT_LENGTH} characters, found ${length}`;
  }
  const { until } = request;
  if (until === undefined) return undefined;
  if (!MOMENT.test(until) || Number.isNaN(Date.parse(until))) {
    return `Cannot ${verbOf(action)}: expected a moment such as "${now}", found "${until}"`;
  }
  if (until > now) return undefined;
  return `Cannot ${verbOf(action)}: expected an end in the future, found ${until}`;
}

/** Says why a request fits nothing that the gate knows; undefined if it does. */
export function findRequestFault(
  action: GateAction,
  request: SignedRequest,
  knowledge: GateKnowledge,
): string | undefined {
  const { subject } = request;
  const release = request.release ?? (subject?.kind === 'kernel' ? subject.release : undefined);
  const kmod = request.kmod ?? (subject?.kind === 'kmod' ? subject.kmod : undefined);
  return (
    findUnknown(action, { release, kmod }, knowledge) ??
    findUseless(action, { ...request, release }, knowledge)
  );
}

function findUnknown(
  action: GateAction,
  { release, kmod }: { readonly release: string | undefined; readonly kmod: string | undefined },
  { stream, kernels, kmods }: GateKnowledge,
): string | undefined {
  const releases = kernels.map((kernel) => kernel.release);
  if (release !== undefined && !releases.includes(release)) {
    const known = releases.join(', ') || 'none is known yet';
    return `Cannot ${verbOf(action)} "${release}": expected a kernel of stream "${stream}" (${known}), found no such`;
  }
  if (kmod === undefined || kmods.includes(kmod)) return undefined;
  const known = kmods.join(', ') || 'none';
  return `Cannot ${verbOf(action)} "${kmod}": expected a kmod of stream "${stream}" (${known}), found no such`;
}

/** What would change nothing is refused: whoever asks for it is mistaken about something. */
function findUseless(
  action: GateAction,
  request: Omit<SignedRequest, 'release'> & { readonly release: string | undefined },
  { kernels, rules }: GateKnowledge,
): string | undefined {
  const { release = '', kmod = '', subject } = request;
  const state = kernels.find((kernel) => kernel.release === release)?.state ?? 'held';
  switch (action) {
    case 'promote':
      if (!isOpen(state)) return undefined;
      return `Cannot promote "${release}": expected a kernel that is held or recalled, found one that is ${state}`;
    case 'recall':
      if (isOpen(state)) return undefined;
      return `Cannot recall "${release}": expected a kernel that is released, found one that is ${state}`;
    case 'unwaive':
      if (rules.waivers.some((one) => one.release === release && one.kmod === kmod)) {
        return undefined;
      }
      return `Cannot unwaive "${kmod}": expected a waiver for it that begins at ${release}, found none`;
    case 'thaw':
      if (subject && rules.freezes.some((one) => isSameSubject(one.subject, subject))) {
        return undefined;
      }
      return `Cannot thaw the ${subject?.kind ?? 'stream'}: expected that it is frozen, found that it is not`;
    default:
      return undefined;
  }
}

function verbOf(action: GateAction): string {
  return action === 'fastLane' ? 'put into the fast lane' : action;
}
