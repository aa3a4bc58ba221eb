import fc from "fast-check";
import { html } from "../../../../../lambda/core/report/html.ts";
import { expect, test } from "../../../../support/jest.ts";

test("escapes what would be markup or end an attribute, and keeps markup that it made", () => {
  const name = html`<b>${`<i>"A" & 'B'</i>`}</b>`;
  expect(html`<p title="${`"><script>`}">${[name, " ", 7, undefined]}</p>`.markup).toBe(
    '<p title="&quot;&gt;&lt;script&gt;"><b>&lt;i&gt;&quot;A&quot; &amp; &#39;B&#39;&lt;/i&gt;</b>7</p>',
  );
});

test("no text can hold a mark of HTML, or a character that turns the direction", () => {
  fc.assert(
    fc.property(fc.string({ unit: "binary" }), (text) => {
      expect(html`${text}`.markup).not.toMatch(/[<>"'\u202a-\u202e\u2066-\u2069\n]/);
    }),
  );
});
