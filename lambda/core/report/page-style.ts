/** The looks of the page and of the widget: light and dark, from a phone's width on. Every rule is about `.cutover`. */
export const REPORT_STYLE = `
.cutover { color-scheme: light dark; --text: light-dark(#17202b, #e7ebf0); --dim: light-dark(#556170, #a3aebb);
  --line: light-dark(#dde2e8, #2c3642); --soft: light-dark(#f4f6f8, #1b232d); --page: light-dark(#fff, #11171e);
  --green: light-dark(#14693f, #63d69c); --yellow: light-dark(#7d4e00, #f0c063); --red: light-dark(#b3202a, #ff9a98);
  --blue: light-dark(#1559b7, #85b7ff);
  background: var(--page); color: var(--text); font: 15px/1.5 system-ui, sans-serif; overflow-wrap: anywhere; }
.cutover.light { color-scheme: light; }
.cutover.dark { color-scheme: dark; }
.cutover * { box-sizing: border-box; }
.cutover h1, .cutover h2, .cutover p, .cutover dl, .cutover dd, .cutover ul, .cutover pre, .cutover fieldset { margin: 0; padding: 0; border: 0; }
.cutover h1 { font-size: 1.75rem; line-height: 1.2; letter-spacing: -.02em; font-weight: 650; }
.cutover h2 { font-size: 1rem; font-weight: 650; margin-bottom: .5rem; }
.cutover header { display: flex; flex-wrap: wrap; gap: .25rem 1rem; align-items: center; }
.cutover section { margin-top: 1.75rem; }
.cutover p + p { margin-top: .25rem; }
.cutover .dim, .cutover small, .cutover dt, .cutover caption, .cutover legend, .cutover thead th { color: var(--dim); }
.cutover .green { color: var(--green); } .cutover .yellow { color: var(--yellow); } .cutover .red { color: var(--red); } .cutover .blue { color: var(--blue); }
.cutover section > p.red, .cutover section > p.yellow { border-left: 3px solid; padding: .125rem 0 .125rem .75rem; }
.cutover .pill { display: inline-block; padding: 0 .625rem; border: 1px solid; border-radius: 1rem; font-size: .8125rem; font-weight: 600; white-space: nowrap; }
.cutover header .pill { padding: .125rem .75rem; font-size: .9375rem; white-space: normal; }
.cutover .pill.dim { font-weight: 400; }
.cutover .numbers { display: grid; grid-template-columns: repeat(auto-fit, minmax(8rem, 1fr)); gap: .75rem; }
.cutover .numbers div { display: flex; flex-direction: column; padding: .75rem 1rem; border-radius: .5rem; background: var(--soft); }
.cutover .numbers dd { order: -1; font-size: 1.75rem; line-height: 1.2; font-weight: 650; font-variant-numeric: tabular-nums; letter-spacing: -.01em; }
.cutover .facts div { display: grid; grid-template-columns: 6rem 1fr; padding: .25rem 0; }
.cutover table { width: 100%; border-collapse: collapse; font-size: .9375rem; }
.cutover caption { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%); }
.cutover th, .cutover td { padding: .5rem 1rem .5rem 0; text-align: start; vertical-align: top; border-bottom: 1px solid var(--line); font-weight: 400; }
.cutover td:last-child { padding-inline-end: 0; }
.cutover thead th { font-size: .8125rem; white-space: nowrap; }
.cutover tbody th { width: 5rem; font-variant-numeric: tabular-nums; }
.cutover .customers, .cutover .customers thead, .cutover .customers tbody { display: block; }
.cutover .customers tr { display: grid; grid-template-columns: 1fr 3rem 45%; border-bottom: 1px solid var(--line); content-visibility: auto; contain-intrinsic-height: auto 4rem; }
.cutover .customers th, .cutover .customers td { border: 0; }
@media print { .cutover .customers tr { content-visibility: visible; } }
.cutover td small { display: block; }
.cutover b { font-weight: 600; }
.cutover ul { list-style: none; padding: .25rem 0 .75rem; }
.cutover .bar { display: block; width: 100%; height: .5rem; margin: .4375rem 0 .25rem; border-radius: .25rem; background: var(--line); fill: currentColor; }
.cutover pre { margin: .375rem 0 .75rem; padding: .625rem .75rem; border-radius: .375rem; background: var(--soft); font: .8125rem/1.5 ui-monospace, monospace; white-space: pre-wrap; }
.cutover form { margin-bottom: 1rem; }
.cutover fieldset { display: flex; flex-wrap: wrap; gap: .25rem 1.25rem; margin: .75rem 0; }
.cutover legend { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%); }
.cutover fieldset label { display: flex; gap: .375rem; align-items: center; padding: .25rem 0; }
.cutover input { accent-color: var(--blue); }
.cutover [type=search], .cutover [type=text] { display: block; width: 100%; max-width: 24rem; margin-top: .25rem; padding: .5rem .75rem; border: 1px solid var(--dim); border-radius: .375rem; background: var(--page); color: var(--text); font: inherit; }
.cutover header + form { display: flex; flex-wrap: wrap; gap: .5rem 1rem; align-items: end; margin: 1rem 0 0; }
.cutover header + form p { display: flex; flex-wrap: wrap; gap: .5rem; }
.cutover button { padding: .5rem .875rem; border: 1px solid; border-radius: .375rem; background: var(--page); color: var(--blue); font: inherit; font-weight: 600; cursor: pointer; }
.cutover button:hover { background: var(--soft); }
.cutover cwdb-action { display: none; }
.cutover ::placeholder { color: var(--dim); opacity: 1; }
.cutover [hidden] { display: none !important; }
.cutover :focus-visible { outline: 2px solid var(--blue); outline-offset: 2px; }
`;

/** What a whole page has besides. */
export const PAGE_STYLE = `
html { color-scheme: light dark; background: light-dark(#fff, #11171e); }
body { margin: 0; }
main.cutover { max-width: 60rem; margin: 0 auto; padding: clamp(1rem, 4vw, 3rem); }
main.cutover > .dim { margin-bottom: .5rem; }
.cutover a { color: var(--blue); }
.cutover dialog { max-width: 32rem; padding: 1.5rem; border: 1px solid var(--line); border-radius: .5rem; background: var(--page); color: var(--text); }
.cutover dialog form { margin: 1rem 0 0; }
`;
