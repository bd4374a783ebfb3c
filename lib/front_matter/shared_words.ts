// One string for each key and short value that comes again and again. Ten thousand files hold the word `status` ninety
// thousand times; cutting it out anew each time costs an allocation and a hash, a third of the whole reading.

const SLOTS = 1024;
const LONGEST = 24;
const words: string[] = new Array<string>(SLOTS).fill("");

/** `text.slice(start, end)`, taken from the words seen before where it is one of them. Holds 1,024 short words at most. */
export function sharedWord(text: string, start: number, end: number): string {
  const length = end - start;
  if (length > LONGEST || length <= 0) return text.slice(start, end);
  const first = text.charCodeAt(start);
  const middle = text.charCodeAt(start + (length >> 1));
  const slot = (length * 131 + first * 31 + middle * 17 + text.charCodeAt(end - 1) * 7) % SLOTS;
  const known = words[slot] ?? "";
  if (known.length === length && text.startsWith(known, start)) return known;
  // A slice shares the memory of the text that it was cut from; the copy lets that text go.
  const word = Buffer.from(text.slice(start, end), "utf16le").toString("utf16le");
  words[slot] = word;
  return word;
}
