// What a script's render() gets, of a chosen width and without colour.
import type { View } from "../../lib/cli/define_script.ts";
import { viewFor } from "../../lib/cli/view.ts";

export function plainView(width = 100): Promise<View> {
  return viewFor({
    isTty: false,
    colour: false,
    columns: () => width,
    rows: () => 0,
    write: async () => {},
    writeNow: () => {},
    isGone: () => false,
    drained: async () => {},
  });
}
