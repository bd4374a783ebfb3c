// The real manifests, each broken in one place: what a rule is for. A rule without one here proves nothing.
import { CRON_JOBS } from "./twins/cron_jobs.ts";
import { DATABASES } from "./twins/databases.ts";
import { NETWORK } from "./twins/network.ts";
import { PODS } from "./twins/pods.ts";
import { REFERENCES } from "./twins/references.ts";
import type { Twin } from "./twins/twin.ts";

export const TWINS: readonly Twin[] = [...CRON_JOBS, ...PODS, ...REFERENCES, ...NETWORK, ...DATABASES];
