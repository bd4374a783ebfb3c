// What the views of reports need of a terminal.

/** The part of a view that they draw on. */
export interface TableView {
  /** Columns. */
  readonly width: number;
  readonly paint: Record<"error" | "warning" | "ok" | "dim" | "strong" | "command", (text: string) => string>;
  table(
    columns: readonly { title: string; align?: "left" | "right" }[],
    rows: readonly (readonly (string | number)[])[],
  ): string;
}
