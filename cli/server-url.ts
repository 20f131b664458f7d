/** The address of the own file server, e.g. `http://127.0.0.1:8470`, `http://[::1]:8470`. */
export function serverUrlOf({
  host,
  port,
}: {
  readonly host: string;
  readonly port: number;
}): string {
  return `http://${host.includes(':') ? `[${host}]` : host}:${port}`;
}
