// Finds credentials that somebody pasted into a plan. A workplan is copied into the hub, its reports and its events, so a
// key in one would travel; what is found is named by kind and length, never shown.

/** With as many as these the file as a whole is unsafe: where the next ones stand is not looked up. */
export const ENOUGH_SECRETS = 50;

export interface FoundSecret {
  readonly start: number;
  readonly end: number;
  /** "an AWS access key id, 20 characters": all that may be said of it. */
  readonly label: string;
}

interface SecretPattern {
  readonly name: string;
  /** A literal that every match begins with: the cheap first look. */
  readonly literal: string;
  /** Sticky, tried wherever the literal stands; bounded, so that a megabyte of near misses stays linear. */
  readonly pattern: RegExp;
}

const PATTERNS: readonly SecretPattern[] = [
  // RFC 7468 section 10 and 11, and OpenSSH's PROTOCOL.key: the armour of a private key.
  {
    name: "a private key",
    literal: "-----BEGIN ",
    pattern: /-----BEGIN (?:[A-Z0-9]{1,20} ){0,3}PRIVATE KEY(?: BLOCK)?-----/y,
  },
  // docs.aws.amazon.com/IAM/latest/UserGuide/reference_identifiers.html, "Understanding unique ID prefixes".
  { name: "an AWS access key id", literal: "AKIA", pattern: /AKIA[A-Z2-7]{16}(?![A-Za-z0-9])/y },
  { name: "an AWS temporary access key id", literal: "ASIA", pattern: /ASIA[A-Z2-7]{16}(?![A-Za-z0-9])/y },
  // github.blog/2021-04-05-behind-githubs-new-authentication-token-formats.
  { name: "a GitHub token", literal: "ghp_", pattern: /ghp_[A-Za-z0-9]{36,251}/y },
  { name: "a GitHub token", literal: "gho_", pattern: /gho_[A-Za-z0-9]{36,251}/y },
  { name: "a GitHub token", literal: "ghu_", pattern: /ghu_[A-Za-z0-9]{36,251}/y },
  { name: "a GitHub token", literal: "ghs_", pattern: /ghs_[A-Za-z0-9]{36,251}/y },
  { name: "a GitHub token", literal: "ghr_", pattern: /ghr_[A-Za-z0-9]{36,251}/y },
  { name: "a GitHub token", literal: "github_pat_", pattern: /github_pat_[A-Za-z0-9_]{22,251}/y },
  // docs.gitlab.com/security/tokens, "Token prefixes".
  { name: "a GitLab token", literal: "glpat-", pattern: /glpat-[A-Za-z0-9_-]{20,100}/y },
  // docs.slack.dev/authentication/tokens.
  { name: "a Slack token", literal: "xox", pattern: /xox[abeoprs]-[A-Za-z0-9-]{10,200}/y },
  // docs.stripe.com/keys.
  { name: "a Stripe key", literal: "sk_live_", pattern: /sk_live_[A-Za-z0-9]{16,200}/y },
  // age-encryption.org/v1, "The X25519 recipient type": Bech32 with the prefix AGE-SECRET-KEY-.
  { name: "an age identity", literal: "AGE-SECRET-KEY-", pattern: /AGE-SECRET-KEY-1[0-9A-Z]{58}/y },
  // RFC 3986 section 3.2.1: the password in a URL's user information.
  {
    name: "a URL with a password",
    literal: "://",
    pattern: /:\/\/[^\s:@/?#<>"'`]{0,128}:([^\s@/<>"'`]{1,256}|<[^\s<>]{1,64}>|\$\{[^}\s]{1,64}\})@/y,
  },
];

// What documentation writes in a password's place.
const PLACEHOLDER =
  /^(?:[*x.\-_…]+|<.*>|\$.*|\{.*\}|\[.*\]|%.*|(?:your|my|the|some)?[-_]?(?:password|passwd|passphrase|pass|pwd|pw|secret|token|redacted|hidden|example|changeme|placeholder)[-_]?(?:here)?)$/i;

const NEEDLES = PATTERNS.map((row) => ({ row, needle: Buffer.from(row.literal) }));

/**
 * The secrets in `text`, at most ENOUGH_SECRETS of them.
 * @param bytes the text's UTF-8, where the caller has it: looking for literals there costs a tenth.
 */
export function findSecrets(text: string, bytes: Buffer = Buffer.from(text)): readonly FoundSecret[] {
  let found: FoundSecret[] = NONE;
  for (const { row, needle } of NEEDLES) {
    if (bytes.includes(needle)) found = found.concat(secretsOf(text, row, ENOUGH_SECRETS - found.length));
  }
  return found.length < 2 ? found : found.sort((a, b) => a.start - b.start);
}

const NONE: FoundSecret[] = [];

function secretsOf(text: string, row: SecretPattern, atMost: number): FoundSecret[] {
  const found: FoundSecret[] = [];
  for (let at = text.indexOf(row.literal); at !== -1 && found.length < atMost; ) {
    const secret = secretAt(text, at, row);
    if (secret !== null) found.push(secret);
    at = text.indexOf(row.literal, at + row.literal.length);
  }
  return found;
}

function secretAt(text: string, at: number, { name, pattern }: SecretPattern): FoundSecret | null {
  pattern.lastIndex = at;
  const match = pattern.exec(text);
  if (match === null || (match[1] !== undefined && PLACEHOLDER.test(match[1]))) return null;
  const secret = match[1] ?? match[0];
  const start = at + match[0].lastIndexOf(secret);
  return { start, end: start + secret.length, label: labelOf(name, secret.length, match[1] !== undefined) };
}

function labelOf(name: string, length: number, isPassword: boolean): string {
  return isPassword ? `${name} of ${length} characters` : `${name}, ${length} characters`;
}

/** `text` with every secret in it replaced by what may be said of it. */
export function withoutSecrets(text: string): string {
  let clean = text;
  for (const { start, end, label } of findSecrets(text).toReversed()) {
    clean = `${clean.slice(0, start)}(${label})${clean.slice(end)}`;
  }
  return clean;
}
