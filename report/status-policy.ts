import { STATUS_CSS_HASH } from './status-css.ts';
import { STATUS_SCRIPT_HASH } from './status-script.ts';

/**
 * The Content-Security-Policy of the status page and the pages of cells: nothing but their own style sheet and script
 * may load or run, so a forged name stays text.
 */
export const STATUS_POLICY = `default-src 'none'; style-src '${STATUS_CSS_HASH}'; script-src '${STATUS_SCRIPT_HASH}'; base-uri 'none'; form-action 'none'`;
