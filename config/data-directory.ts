import { join, resolve } from 'node:path';
import { absolute, type Environment, nonEmpty } from './find-config.ts';

/**
 * The folder for everything that rekmod remembers: `$REKMOD_HOME`, else `$XDG_DATA_HOME/rekmod`
 * (`~/.local/share` when unset), else `/var/lib/rekmod` where there is no home.
 */
export function dataDirectory(environment: Environment): string {
  const own = nonEmpty(environment.REKMOD_HOME);
  if (own !== undefined) return resolve(own);
  const data = absolute(environment.XDG_DATA_HOME);
  if (data !== undefined) return join(data, 'rekmod');
  const home = nonEmpty(environment.HOME);
  return home === undefined ? '/var/lib/rekmod' : join(home, '.local', 'share', 'rekmod');
}
