// Where a server's program stands. Debian keeps servers in /usr/sbin, which is not on the PATH of an ordinary account:
// looked for by name alone, sshd would count as missing on a machine that has it.
const PLACES_OF_SERVERS = ["/usr/local/sbin", "/usr/sbin", "/sbin"];

/** The program's absolute path (sshd insists on being started by one), or null when the machine has none. */
export function systemProgram(name: string): string | null {
  return Bun.which(name) ?? Bun.which(name, { PATH: PLACES_OF_SERVERS.join(":") });
}
