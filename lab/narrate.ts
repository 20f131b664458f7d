const startedAt = Date.now();

/** Prints a line with the seconds since the program began. */
export function say(line: string): void {
  const seconds = ((Date.now() - startedAt) / 1000).toFixed(0).padStart(4);
  console.log(`[${seconds} s] ${line}`);
}

/** Prints the title of what comes now. */
export function chapter(title: string): void {
  console.log(`\n━━ ${title}`);
}
