// Which subjects a filter catches: whether a stream would keep our events, and whether somebody listens where nothing can
// ever come. `*` stands for one word, `>` for one or more at the end (docs.nats.io, "Subject-Based Messaging"). (pure)

/** Whether it is a subject, or a filter of subjects, that a server takes. */
export function isSubjectFilter(text: string): boolean {
  const words = text.split(".");
  return words.every(
    (word, at) => word !== "" && !/\s/.test(word) && (/^[^*>]+$/.test(word) || word === "*" || isTail(words, at)),
  );
}

/** Whether everything that `inner` catches is caught by `outer` too. */
export function covers(outer: string, inner: string): boolean {
  const [wide, narrow] = [outer.split("."), inner.split(".")];
  for (const [at, word] of wide.entries()) {
    if (isTail(wide, at)) return narrow.length > at;
    const against = narrow[at];
    if (against === undefined || isTail(narrow, at)) return false;
    if (word !== "*" && word !== against) return false;
  }
  return wide.length === narrow.length;
}

/** Whether there is a subject that both catch. */
export function overlap(one: string, other: string): boolean {
  const [left, right] = [one.split("."), other.split(".")];
  for (let at = 0; at < Math.max(left.length, right.length); at++) {
    const [a, b] = [left[at], right[at]];
    if (a === undefined || b === undefined) return false;
    if (isTail(left, at) || isTail(right, at)) return true;
    if (a !== "*" && b !== "*" && a !== b) return false;
  }
  return true;
}

function isTail(words: readonly string[], at: number): boolean {
  return words[at] === ">" && at === words.length - 1;
}
