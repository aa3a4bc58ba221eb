import * as z from "zod";

/** A text in which `*` stands for any characters, none included; everything else means itself. */
export function Glob(what: string) {
  const expected = `expected ${what}: 1 to 200 characters in one line, in which * stands for any characters`;
  return z.string({ error: expected }).regex(/^[^\p{Cc}\p{Cs}\p{Zl}\p{Zp}]{1,200}$/u, expected);
}

/** Goes back to the last `*` only, so that no pattern and no text can make it slow. */
export function matchesGlob(glob: string, text: string): boolean {
  let [at, inGlob, star, resume] = [0, 0, -1, 0];
  while (at < text.length) {
    if (glob[inGlob] === "*") {
      star = inGlob;
      resume = at;
      inGlob += 1;
    } else if (glob[inGlob] === text[at]) {
      inGlob += 1;
      at += 1;
    } else {
      if (star < 0) return false;
      resume += 1;
      inGlob = star + 1;
      at = resume;
    }
  }
  return /^\**$/.test(glob.slice(inGlob));
}
