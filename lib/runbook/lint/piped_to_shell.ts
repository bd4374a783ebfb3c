// What comes from the network is looked at before it is run: a page that is cut off half-way is half a command.
import { EVERY_PAGE, type Rule } from "./rule.ts";

const SHELL = "(?<![\\w.-])(?:sudo +)?(?:/bin/|/usr/bin/)?(?:ba|da|k|z)?sh\\b";
const REST = "(?:\\\\\\n|[^\\n])*?";
const FETCH = "\\b(?:curl|wget)\\b";
const PIPED = new RegExp(
  [
    `${FETCH}${REST}\\|\\s*${SHELL}`,
    `${SHELL}${REST}(?:<\\(|\\$\\(|\`)\\s*${FETCH}`,
    `\\b(?:source|eval)\\s${REST}${FETCH}`,
  ].join("|"),
  "g",
);

export const pipedToShell: Rule = {
  id: "piped-to-shell",
  claim: "nothing from the network is handed to a shell",
  on: EVERY_PAGE,
  look: ({ text }) =>
    [...text.matchAll(PIPED)].map(({ index }) => ({
      line: text.slice(0, index).split("\n").length,
      what: "what is fetched is run at once",
      hint: "fetch it, look at it, then run the file",
    })),
};
