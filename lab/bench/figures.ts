/** The middle one of numbers, the upper of two. */
export function median(numbers: readonly number[]): number {
  const sorted = numbers.toSorted((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)] ?? Number.NaN;
}

/** E.g. `1.058 / 1.086 / 1.129`: least, median, most. */
export function describeFigures(numbers: readonly number[], digits: number): string {
  const [low, middle, high] = [Math.min(...numbers), median(numbers), Math.max(...numbers)];
  return [low, middle, high].map((number) => number.toFixed(digits)).join(' / ');
}
