import type {
  ContainerControl,
  ContainerEngine,
  ContainerExit,
  ContainerRequest,
  EngineImage,
  EngineInfo,
  EngineLabels,
  ImageName,
  ImagePull,
  ListedContainer,
} from '../../containers/engine.ts';
import { EngineRefusedError } from '../../model/engine-errors.ts';

const INFO: EngineInfo = {
  kind: 'docker',
  address: 'fake',
  version: '0',
  apiVersion: '1.41',
  arch: 'x86_64',
  cpuCount: 4,
  memoryBytes: 8 * 1024 ** 3,
  cgroupVersion: '2',
  hasMemoryLimit: true,
  hasPidsLimit: true,
  isRootless: false,
  isSelinux: false,
};

const GOOD_EXIT: ContainerExit = {
  exitCode: 0,
  isOutOfMemory: false,
  isTimedOut: false,
  stdoutBytes: 0,
  stderrBytes: 0,
};

/** A run that a test drives: writes for the container, and ends it. */
export class FakeRun {
  readonly request: ContainerRequest;
  readonly ended: Promise<ContainerExit>;
  readonly #engine: FakeEngine;
  readonly #control: ContainerControl;
  #resolve: (exit: ContainerExit) => void = () => undefined;
  #reject: (error: unknown) => void = () => undefined;

  constructor(engine: FakeEngine, request: ContainerRequest, control: ContainerControl) {
    this.request = request;
    this.#engine = engine;
    this.#control = control;
    this.ended = new Promise((resolve, reject) => {
      this.#resolve = resolve;
      this.#reject = reject;
    });
    control.signal.addEventListener('abort', () => this.#reject(control.signal.reason));
  }

  /** As an engine does: what a callback throws ends the run. */
  async stdout(bytes: Uint8Array | string): Promise<void> {
    try {
      await this.#control.onStdout(Buffer.from(bytes));
    } catch (error) {
      this.#reject(error);
    }
  }

  async stderr(text: string): Promise<void> {
    try {
      await this.#control.onStderr(Buffer.from(text));
    } catch (error) {
      this.#reject(error);
    }
  }

  exit(exit: Partial<ContainerExit> = {}): void {
    const whole = { ...GOOD_EXIT, ...exit };
    const commit = whole.isTimedOut ? undefined : this.#control.commitTo?.(whole);
    if (commit === undefined) {
      this.#resolve(whole);
      return;
    }
    const reference = `${commit.repository}:${commit.tag}`;
    const imageId = this.#engine.addImage(reference, { labels: commit.labels });
    this.#resolve({ ...whole, imageId });
  }
}

/** A container engine without containers; every run waits for its test. */
export class FakeEngine implements ContainerEngine {
  readonly info = INFO;
  readonly images = new Map<string, EngineImage>();
  readonly removed: string[] = [];
  /** References that were pulled. */
  readonly pulls: string[] = [];
  /** What the registry does; it has nothing unless a test says otherwise. */
  answerPull: (reference: string) => Promise<ImagePull> = () =>
    Promise.resolve({ kind: 'refused', reason: 'manifest unknown' });
  containers: readonly ListedContainer[] = [];
  /** Images of which there are containers. */
  readonly used = new Set<string>();
  nowMs = 0;
  runCount = 0;
  readonly #runs: FakeRun[] = [];
  #waiting: ((run: FakeRun) => void)[] = [];

  addImage(reference: string, image: Partial<EngineImage> = {}): string {
    const id = `sha256:${this.images.size + 1}`;
    const whole = {
      ...{ id, createdAtMs: this.nowMs, names: [reference], sizeBytes: 1000, labels: {} },
      ...image,
    };
    this.images.set(reference, whole);
    this.images.set(whole.id, whole);
    return whole.id;
  }

  /** The next run that was not handed out yet; waits for it. */
  nextRun(): Promise<FakeRun> {
    const run = this.#runs.shift();
    if (run !== undefined) return Promise.resolve(run);
    return new Promise((resolve) => {
      this.#waiting.push(resolve);
    });
  }

  findImage(reference: string): Promise<EngineImage | undefined> {
    return Promise.resolve(this.images.get(reference));
  }

  tag(imageId: string, { repository, tag }: ImageName): Promise<void> {
    const image = this.images.get(imageId);
    if (image === undefined) {
      const cause = new Error('no such image');
      return Promise.reject(new EngineRefusedError('name an image', 404, { cause }));
    }
    this.#rename(image, [...new Set([...image.names, `${repository}:${tag}`])]);
    return Promise.resolve();
  }

  removeImage(reference: string): Promise<boolean> {
    const image = this.images.get(reference);
    if (image === undefined || this.used.has(image.id)) return Promise.resolve(false);
    this.images.delete(reference);
    this.#rename(
      image,
      image.names.filter((name) => name !== reference),
    );
    return Promise.resolve(true);
  }

  #rename(image: EngineImage, names: readonly string[]): void {
    const renamed = { ...image, names };
    for (const name of [image.id, ...names]) this.images.set(name, renamed);
    if (names.length === 0) this.images.delete(image.id);
  }

  async pull(reference: string, control: { readonly signal: AbortSignal }): Promise<ImagePull> {
    control.signal.throwIfAborted();
    this.pulls.push(reference);
    return await this.answerPull(reference);
  }

  run(request: ContainerRequest, control: ContainerControl): Promise<ContainerExit> {
    const run = new FakeRun(this, request, control);
    this.runCount += 1;
    const waiting = this.#waiting.shift();
    if (waiting === undefined) this.#runs.push(run);
    else waiting(run);
    return run.ended;
  }

  list(labels: EngineLabels): Promise<readonly ListedContainer[]> {
    const wanted = Object.entries(labels);
    const isWanted = (container: ListedContainer): boolean =>
      wanted.every(([name, value]) => container.labels[name] === value);
    return Promise.resolve(this.containers.filter(isWanted));
  }

  remove(containerId: string): Promise<boolean> {
    if (!this.containers.some(({ id }) => id === containerId)) return Promise.resolve(false);
    this.containers = this.containers.filter(({ id }) => id !== containerId);
    this.removed.push(containerId);
    return Promise.resolve(true);
  }
}
