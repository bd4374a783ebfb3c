// Writes the reference page of the events anew, after lib/events/lifecycle_events.ts has changed. A test compares the two.
// Usage: scripts/bun test/write_events_reference.ts
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { eventsReference } from "../lib/events/events_reference.ts";

writeFileSync(join(import.meta.dir, "../lib/events/EVENTS.md"), eventsReference());
