/** Writes a table of words and numbers: the first column to the left, the others to the right. */
export function writeTable(rows: readonly (readonly (string | number)[])[]): string {
  const texts = rows.map((row) => row.map((cell) => `${cell}`));
  const widths = texts.reduce<number[]>(
    (known, row) => row.map((cell, column) => Math.max(known[column] ?? 0, cell.length)),
    [],
  );
  return texts
    .map((row) =>
      row
        .map((cell, column) => {
          const width = widths[column] ?? 0;
          return column === 0 ? cell.padEnd(width) : cell.padStart(width);
        })
        .join('  ')
        .trimEnd(),
    )
    .join('\n');
}

/**
 * Counts items in a grid.
 *
 * @returns Rows for {@link writeTable}: a head line, then a line a row, each with all columns.
 */
export function countInGrid<Item>(
  items: readonly Item[],
  {
    corner,
    rows,
    columns,
  }: {
    readonly corner: string;
    readonly rows: readonly GridLine<Item>[];
    readonly columns: readonly GridLine<Item>[];
  },
): readonly (readonly (string | number)[])[] {
  return [
    [corner, ...columns.map(({ name }) => name)],
    ...rows.map((row) => [
      row.name,
      ...columns.map((column) => items.filter((item) => row.has(item) && column.has(item)).length),
    ]),
  ];
}

/** A row or column of a grid. */
export interface GridLine<Item> {
  readonly name: string;
  readonly has: (item: Item) => boolean;
}
