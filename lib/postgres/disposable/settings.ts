// What a server is told that may be lost at any moment: as fast as it can, modest with memory, silent about data, and
// nothing that outlives its folder. On the settings of a real server a restore waits for the disk again and again. (pure)

interface Machine {
  /** What this machine, or our share of it, has: bytes. */
  readonly memoryBytes: number;
  /** `process.platform`; one setting exists on Linux only. */
  readonly platform: string;
}

const MB = 1024 * 1024;

/** 1/16 of the memory for everybody, 1/32 for each index build: four of those on 2 GB leave 1.6 GB to all others. */
export function memorySettings(memoryBytes: number): { sharedBuffersMb: number; maintenanceMb: number } {
  const share = (part: number) => Math.round(Math.min(512, Math.max(32, memoryBytes / MB / part)));
  return { sharedBuffersMb: share(16), maintenanceMb: share(32) };
}

/** Lines for postgresql.conf; the last one of a name counts. */
export function disposableSettings({ memoryBytes, platform }: Machine): string {
  const { sharedBuffersMb, maintenanceMb } = memorySettings(memoryBytes);
  const lines = [
    "",
    "# --- A disposable server: it and its folder go when the work is done ---",
    "listen_addresses = '127.0.0.1'",
    "unix_socket_directories = ''",
    "max_connections = 50",
    "# Nothing here must survive a crash of the machine.",
    "fsync = off",
    "full_page_writes = off",
    "synchronous_commit = off",
    "# What is loaded into a table of the same transaction, and each index build, is then not logged at all.",
    "wal_level = minimal",
    "max_wal_senders = 0",
    "# A new segment is written once, not filled with zeros first.",
    "wal_init_zero = off",
    "# Few checkpoints; four gigabytes are what the log may take of the disk.",
    "max_wal_size = 4GB",
    "checkpoint_timeout = 1h",
    "# It would read again what was just written, and take locks; planning needs no statistics for reading it all.",
    "autovacuum = off",
    `shared_buffers = ${sharedBuffersMb}MB`,
    `maintenance_work_mem = ${maintenanceMb}MB`,
    "# Compiling pays for long queries, not for one query on each of 10,000 tables.",
    "jit = off",
    "# 100,000 locks, about 30 MB: 10,000 tables with their indexes in one transaction.",
    "max_locks_per_transaction = 2048",
    "# Below the data folder: a killed server leaves nothing in /dev/shm, and a container's 64 MB there suffice.",
    "dynamic_shared_memory_type = mmap",
    "# A restored subscription must never reach for the live publisher.",
    "max_logical_replication_workers = 0",
    "# After the crash of one session nothing here is proven any more: end, and say so.",
    "restart_after_crash = off",
    "timezone = 'UTC'",
    "log_timezone = 'UTC'",
    "logging_collector = on",
    "log_directory = 'log'",
    "log_filename = 'postgresql.log'",
    "log_rotation_age = 0",
    "log_rotation_size = 0",
    "log_checkpoints = off",
    "log_statement = 'none'",
    "# A statement that failed may hold rows or a role's password.",
    "log_min_error_statement = panic",
    "log_line_prefix = '%m [%p] '",
  ];
  // Ends the query, and frees the locks, of a client that died. Refused where the kernel can't tell (not Linux).
  if (platform === "linux") lines.push("client_connection_check_interval = 1s");
  return `${lines.join("\n")}\n`;
}
