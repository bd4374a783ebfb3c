// What we add to initdb's postgresql.conf, each line with its reason: an operator will find it there.

/** @param platform `process.platform`; one setting exists on Linux only */
export function ourSettings(platform: string): string {
  const lines = [
    "",
    "# --- State Hub: added when this cluster was made; edit freely, it is never rewritten ---",
    "# The port is chosen at each start and given on the command line.",
    "listen_addresses = '127.0.0.1'",
    "unix_socket_directories = ''",
    "max_connections = 50",
    "shared_buffers = 64MB",
    "timezone = 'UTC'",
    "log_timezone = 'UTC'",
    "# One file per weekday, overwritten a week later: the log can't fill the disk over the years.",
    "logging_collector = on",
    "log_directory = 'log'",
    "log_filename = 'postgresql-%a.log'",
    "log_rotation_age = 1d",
    "log_rotation_size = 0",
    "log_truncate_on_rotation = on",
    "log_checkpoints = off",
    "log_statement = 'none'",
    "log_line_prefix = '%m [%p] '",
  ];
  // Ends the query, and frees the locks, of a client that died. Refused where the kernel can't tell (not Linux).
  if (platform === "linux") lines.push("client_connection_check_interval = 1s");
  return `${lines.join("\n")}\n`;
}
