// The user's ssh agent, held to the keys that the configuration names where it says IdentitiesOnly. A host counts every key
// that it is shown, and shuts out who shows too many: an agent with ten keys would never come to the right one.
import ssh2, { type BaseAgent, type IdentityCallback, type ParsedKey, type SignCallback } from "ssh2";

/** @param only the public halves that may be shown; null: all that the agent has */
export function agentAt(socket: string, only: readonly Buffer[] | null): BaseAgent {
  return only === null ? new ssh2.OpenSSHAgent(socket) : new HeldAgent(socket, only);
}

class HeldAgent extends ssh2.BaseAgent<ParsedKey> {
  readonly #agent: ssh2.OpenSSHAgent;
  readonly #only: readonly Buffer[];

  constructor(socket: string, only: readonly Buffer[]) {
    super();
    this.#agent = new ssh2.OpenSSHAgent(socket);
    this.#only = only;
  }

  override getIdentities(done: IdentityCallback<ParsedKey>): void {
    this.#agent.getIdentities((error, keys) => {
      if (error) return done(error);
      // OpenSSHAgent gives parsed keys; its type allows for what other agents give.
      const parsed = (keys ?? []) as readonly unknown[] as readonly ParsedKey[];
      done(
        undefined,
        parsed.filter((key) => this.#only.some((blob) => blob.equals(key.getPublicSSH()))),
      );
    });
  }

  override sign(key: ParsedKey, data: Buffer, ...rest: readonly unknown[]): void {
    (this.#agent.sign as (...all: readonly unknown[]) => void)(key, data, ...(rest as [SignCallback]));
  }
}
