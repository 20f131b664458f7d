/** How programs are installed here. */
export interface Installer {
  readonly family: 'debian' | 'fedora';
  readonly command: string;
}
