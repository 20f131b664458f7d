import type { IncomingMessage, ServerResponse } from 'node:http';
import type { MetricsSettings } from '../../model/settings.ts';

/** How `/metrics` is answered. */
export interface MetricsSource {
  /** Who gets an answer, as configured at this moment. */
  readonly settings: () => MetricsSettings;
  readonly read: () => Promise<string>;
  readonly onError: (error: unknown) => void;
}

/** The text format that every version of Prometheus reads. */
const CONTENT_TYPE = 'text/plain; version=0.0.4; charset=utf-8';
const LOOPBACK = /^(?:127\.|::1$|::ffff:127\.)/;

/** Whether one at this address is given metrics; to all others there is nothing at that path. */
export function mayRead({ serve }: MetricsSettings, remoteAddress: string | undefined): boolean {
  if (serve === 'everyone') return true;
  return serve === 'loopback' && LOOPBACK.test(remoteAddress ?? '');
}

/** Answers a scrape. */
export async function answerMetrics(
  { read, onError }: MetricsSource,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  try {
    const text = await read();
    response.setHeader('Content-Type', CONTENT_TYPE);
    response.setHeader('Cache-Control', 'no-store');
    response.end(request.method === 'HEAD' ? undefined : text);
  } catch (error) {
    onError(error);
    response.statusCode = 503;
    response.setHeader('Content-Type', 'text/plain; charset=utf-8');
    response.end("Metrics cannot be gathered; rekmod's log says why\n");
  }
}
