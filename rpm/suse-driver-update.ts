import type { DiskFile } from '../model/driver-disk.ts';
import type { StagedPackage } from './rhel-driver-disk.ts';

/** What a driver update for SUSE's installers is made of. */
export interface SuseDriverUpdate {
  /** As `uname -m` says it. */
  readonly arch: string;
  /** At least one, e.g. `['leap15.6', 'sles15']`. */
  readonly products: readonly string[];
  /** Tells updates apart: an installer applies one of each id. */
  readonly id: string;
  /** What the installer shows, a line each, e.g. `jool-kmp-default-4.1.9_k6.4.0_150600.21-1.x86_64`. */
  readonly names: readonly string[];
  readonly packages: readonly StagedPackage[];
  /** In the order in which they are loaded; names with their suffix, e.g. `jool.ko.zst`. */
  readonly modules: readonly StagedPackage[];
  /** Public keys that signed the packages, named as rpm does: `gpg-pubkey-1a2b3c4d-5e6f7a8b`. */
  readonly keys: readonly { readonly name: string; readonly armored: string }[];
}

/**
 * Lays out a driver update as mkdud does: `modules/` is loaded in the installer, `install/` is installed
 * on the new system (by rpm in YaST's, from a repository in Agama), `inst-sys/` has the keys for that.
 *
 * All but the first product are links to its folder.
 *
 * @see openSUSE/mkdud HOWTO.md; linuxrc util.c, add_driver_update(); agama-dud-apply.sh
 */
export function layOutSuseUpdate(update: SuseDriverUpdate): readonly DiskFile[] {
  const { arch, id, names, packages, modules, keys } = update;
  const [first = '', ...others] = update.products.map((product) => `${arch}-${product}`);
  const base = `linux/suse/${first}`;
  const config = [
    '# Made by rekmod.',
    `UpdateID:\t${id}`,
    ...names.map((one) => `UpdateName:\t${one}`),
  ];
  const text = (path: string, content: string): DiskFile => ({
    path: `${base}/${path}`,
    content: { kind: 'text', text: content },
  });
  return [
    text('dud.config', toLines(config)),
    ...copyInto(`${base}/install`, packages),
    ...copyInto(`${base}/modules`, modules),
    text('modules/module.order', toLines(modules.map(({ fileName }) => moduleNameOf(fileName)))),
    ...keys.map(({ name, armored }) =>
      text(`inst-sys/usr/lib/rpm/gnupg/keys/${name}.asc`, armored),
    ),
    ...others.map((other): DiskFile => {
      return { path: `linux/suse/${other}`, content: { kind: 'link', target: first } };
    }),
  ];
}

function copyInto(folder: string, files: readonly StagedPackage[]): readonly DiskFile[] {
  return files.map(({ fileName, from }) => {
    return { path: `${folder}/${fileName}`, content: { kind: 'copy', from } };
  });
}

/** Both installers want names without suffix here. */
function moduleNameOf(fileName: string): string {
  return fileName.replace(/\.ko(?:\.[a-z0-9]+)?$/, '');
}

function toLines(lines: readonly string[]): string {
  return lines.map((line) => `${line}\n`).join('');
}
