import send from 'send';
import { type HttpRig, startHttpRig } from './http-rig.ts';

/** A mirror that serves what a test wants it to have just now. */
export interface LyingMirror extends AsyncDisposable {
  readonly url: string;
  /** Answers so far, e.g. `304 /repodata/repomd.xml`. */
  readonly answers: readonly string[];
  /** Serves a folder from now on. */
  serve(root: string): void;
  /** Answers everything with a status from now on, e.g. 503. */
  fail(status: number): void;
}

export async function startLyingMirror(root: string): Promise<LyingMirror> {
  const answers: string[] = [];
  let served = root;
  let failure: number | undefined;
  const rig: HttpRig = await startHttpRig((request, response) => {
    const { pathname } = new URL(request.url ?? '/', 'http://localhost');
    response.on('finish', () => answers.push(`${response.statusCode} ${pathname}`));
    if (failure === undefined) {
      send(request, pathname, { root: served, dotfiles: 'deny' }).pipe(response);
    } else {
      response.writeHead(failure).end();
    }
  });
  return {
    url: rig.url,
    answers,
    serve(next) {
      served = next;
      failure = undefined;
    },
    fail(status) {
      failure = status;
    },
    [Symbol.asyncDispose]: () => rig[Symbol.asyncDispose](),
  };
}
