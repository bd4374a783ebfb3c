// Whether a text is a public key that age encrypts for. A key with a typing error in it would give backups that nobody opens, so
// that its checksum is worked out before anything starts. (pure)

const CHARSET = "qpzry9x8gf2tvdw0s3jn54khce6mua7l";
const GENERATOR = [0x3b6a57b2, 0x26508e6d, 0x1ea119fa, 0x3d4233dd, 0x2a1462b3];
/** X25519: 32 bytes in groups of five bits, and six for the checksum. */
const AGE_KEY = /^age1[qpzry9x8gf2tvdw0s3jn54khce6mua7l]{58}$/;
const SSH_KEY = /^(ssh-ed25519|ssh-rsa) ([A-Za-z0-9+/]+={0,2})( [^\r\n]*)?$/;

/** An X25519 key of age, or an ed25519 or RSA key of ssh with or without its comment. */
export function isRecipient(text: string): boolean {
  return AGE_KEY.test(text) ? hasChecksum(text) : isSshKey(text);
}

/** Bech32 (BIP 173), with the prefix `age`. */
function hasChecksum(text: string): boolean {
  const prefix = [...text.slice(0, 3)].map((char) => char.charCodeAt(0));
  const data = [...text.slice(4)].map((char) => CHARSET.indexOf(char));
  const values = [...prefix.map((code) => code >> 5), 0, ...prefix.map((code) => code & 31), ...data];
  let check = 1;
  for (const value of values) {
    const top = check >>> 25;
    check = ((check & 0x1ffffff) << 5) ^ value;
    GENERATOR.forEach((factor, bit) => {
      if ((top >>> bit) & 1) check ^= factor;
    });
  }
  return check === 1;
}

/** The blob begins with the same type (RFC 4253, 6.6). */
function isSshKey(text: string): boolean {
  const [, type = "", base64 = ""] = SSH_KEY.exec(text) ?? [];
  if (type === "") return false;
  const blob = Buffer.from(base64, "base64");
  return (
    blob.length > 40 &&
    blob.readUInt32BE(0) === type.length &&
    blob.subarray(4, 4 + type.length).toString("latin1") === type
  );
}
