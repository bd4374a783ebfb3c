// All rules of the lint, in the order in which their problems are told. A rule that is not listed here is not looked at.
import { acceptedCommands } from "./accepted_commands.ts";
import { bashSyntax } from "./bash_syntax.ts";
import { blockClass } from "./block_class.ts";
import { blockName } from "./block_name.ts";
import { confirm } from "./confirm.ts";
import { deadLinks } from "./dead_links.ts";
import { executed } from "./executed.ts";
import { fittingClass } from "./fitting_class.ts";
import { headings } from "./headings.ts";
import { inIndex } from "./in_index.ts";
import { noCd } from "./no_cd.ts";
import { oneCommand } from "./one_command.ts";
import { outputBeneath } from "./output_beneath.ts";
import { pipedToShell } from "./piped_to_shell.ts";
import { placeholders } from "./placeholders.ts";
import type { Rule } from "./rule.ts";
import { runAttributes } from "./run_attributes.ts";
import { secrets } from "./secrets.ts";

export const RULES: readonly Rule[] = [
  headings,
  inIndex,
  blockClass,
  blockName,
  fittingClass,
  confirm,
  outputBeneath,
  oneCommand,
  bashSyntax,
  placeholders,
  runAttributes,
  noCd,
  acceptedCommands,
  executed,
  deadLinks,
  pipedToShell,
  secrets,
];
