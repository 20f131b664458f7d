import { ApplicationFailure, condition, setHandler } from '@temporalio/workflow';
import type { GateJudgement } from '../activities/gate/judge-gate.ts';
import { type GatedKernel, type GateRules, type GateView, NO_RULES } from '../model/gate.ts';
import type {
  FastLaneRequest,
  FreezeRequest,
  GateAnswer,
  GateInput,
  OrderRequest,
  ThawRequest,
  UnwaiveRequest,
  WaiveRequest,
  WorkflowOptions,
} from '../model/workflow-messages.ts';
import { changeRules, type RuleChange } from '../plan/change-rules.ts';
import {
  findFormFault,
  findRequestFault,
  type GateAction,
  type SignedRequest,
} from '../plan/check-gate-request.ts';
import {
  configureSignal,
  fastLaneUpdate,
  freezeUpdate,
  lookAgainSignal,
  promoteUpdate,
  recallUpdate,
  thawUpdate,
  unwaiveUpdate,
  waiveUpdate,
} from './messages.ts';

type Decided = Extract<GateJudgement, { kind: 'decided' }>;

/** What a gate's workflow knows and is asked. */
export interface GateDesk {
  /** Those of the input, or the newest that it was told. */
  readonly options: WorkflowOptions;
  rules: GateRules;
  view: GateView | undefined;
  /** Whether something is to be decided anew. */
  readonly isDue: boolean;
  /** Whether somebody waits for a round that has not begun. */
  readonly hasRequests: boolean;
  /** Oldest first; empty before the first round. */
  readonly kernels: readonly GatedKernel[];
  readonly nextAt: string | undefined;
  /** A round begins: it takes all rules that are there. */
  begin(): void;
  learn(judged: Decided): void;
  /** Kmods that were thawed since the last round. */
  takeThawed(): readonly string[];
  /** The round is over, well or not. */
  end(): void;
}

/** The class of failures that a client gets for what does not fit the gate. */
const REFUSED = 'GateRefusedError';

/**
 * Takes what people decide: each update is checked by its form before it is on the record, then against what the gate
 * knows, and answered when the gated repository was written with it.
 */
export function openGateDesk({ stream, options }: GateInput): GateDesk {
  const desk = new Desk(stream, options);
  setHandler(configureSignal, (newest) => desk.configure(newest));
  setHandler(lookAgainSignal, () => desk.ring());
  setHandler(
    waiveUpdate,
    ...handle(desk, 'waive', (request: WaiveRequest, at) => {
      return { kind: 'waive', waiver: { ...request, at } };
    }),
  );
  setHandler(
    unwaiveUpdate,
    ...handle(desk, 'unwaive', ({ release, kmod }: UnwaiveRequest) => {
      return { kind: 'unwaive', release, kmod };
    }),
  );
  setHandler(
    freezeUpdate,
    ...handle(desk, 'freeze', (request: FreezeRequest, at) => {
      return { kind: 'freeze', freeze: { ...request, at } };
    }),
  );
  setHandler(
    thawUpdate,
    ...handle(desk, 'thaw', ({ subject }: ThawRequest) => ({ kind: 'thaw', subject })),
  );
  setHandler(promoteUpdate, ...handle(desk, 'promote', toOrder('promote')));
  setHandler(recallUpdate, ...handle(desk, 'recall', toOrder('recall')));
  setHandler(
    fastLaneUpdate,
    ...handle(desk, 'fastLane', (request: FastLaneRequest, at) => {
      return { kind: 'fast-lane', order: { ...request, at } };
    }),
  );
  return desk;
}

type ToChange<Request> = (request: Request, at: string) => RuleChange;

function toOrder(kind: 'promote' | 'recall'): ToChange<OrderRequest> {
  return (request, at) => ({ kind: 'order', order: { ...request, kind, at } });
}

/** The handler of an update, and what checks its form. */
function handle<Request extends SignedRequest>(
  desk: Desk,
  action: GateAction,
  toChange: ToChange<Request>,
) {
  return [
    (request: Request) => desk.take(action, request, toChange),
    { validator: (request: Request) => refuse(findFormFault(action, request, now())) },
  ] as const;
}

function now(): string {
  return new Date().toISOString();
}

function refuse(fault: string | undefined): void {
  if (fault !== undefined) throw ApplicationFailure.nonRetryable(fault, REFUSED);
}

class Desk implements GateDesk {
  readonly stream: string;
  options: WorkflowOptions;
  rules: GateRules = NO_RULES;
  view: GateView | undefined = undefined;
  isDue = true;
  kernels: readonly GatedKernel[] = [];
  nextAt: string | undefined = undefined;
  #kmods: readonly string[] = [];
  #thawed: readonly string[] = [];
  /** Changes that a round has not yet taken up, and rounds by their number. */
  #changes: readonly RuleChange[] = [];
  #begun = 0;
  #ended = 0;
  #hasLearned = false;

  constructor(stream: string, options: WorkflowOptions) {
    this.stream = stream;
    this.options = options;
  }

  get hasRequests(): boolean {
    return this.#changes.length > 0;
  }

  /** What is configured may also say something about the gate itself. */
  configure(options: WorkflowOptions): void {
    this.options = options;
    this.ring();
  }

  ring(): void {
    this.isDue = true;
  }

  begin(): void {
    this.isDue = false;
    this.#begun += 1;
    for (const change of this.#changes) this.rules = changeRules(this.rules, change);
    this.#changes = [];
  }

  learn({ kernels, rules, kmods, nextAt }: Decided): void {
    this.kernels = kernels;
    this.rules = rules;
    this.nextAt = nextAt;
    this.#kmods = kmods;
    this.#hasLearned = true;
  }

  takeThawed(): readonly string[] {
    const thawed = this.#thawed;
    this.#thawed = [];
    return thawed;
  }

  end(): void {
    this.#ended = this.#begun;
  }

  async take<Request extends SignedRequest>(
    action: GateAction,
    request: Request,
    toChange: ToChange<Request>,
  ): Promise<GateAnswer> {
    await condition(() => this.#hasLearned);
    const { stream, kernels, rules } = this;
    const known = this.#changes.reduce(changeRules, rules);
    refuse(
      findRequestFault(action, request, { stream, kernels, kmods: this.#kmods, rules: known }),
    );
    const change = toChange(request, now());
    this.#changes = [...this.#changes, change];
    if (change.kind === 'thaw' && change.subject.kind === 'kmod') {
      this.#thawed = [...this.#thawed, change.subject.kmod];
    }
    this.isDue = true;
    // The round that runs just now has begun without it.
    const round = this.#begun + 1;
    await condition(() => this.#ended >= round);
    return this.#answer(request);
  }

  #answer({ release }: SignedRequest): GateAnswer {
    const from = this.kernels.findIndex((kernel) => kernel.release === release);
    const kernels = from === -1 ? this.kernels : this.kernels.slice(from);
    return { kernels, ...(this.view === undefined ? {} : { view: this.view }) };
  }
}
