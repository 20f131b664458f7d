/**
 * The status page's style sheet. Its hash stands in the page's Content-Security-Policy, so the
 * string must reach the page unchanged.
 */
export const STATUS_CSS = `
:root { color-scheme: light dark; --ground: #f6f7f9; --card: #fff; --ink: #1c2330; --soft: #5b6577;
  --line: #e2e6ec; --link: #1a5fb4; --good: #14663b; --good-bg: #e3f5ea; --built: #14618c;
  --built-bg: #e0f0fa; --bad: #b3261e; --bad-bg: #fdeaea; --busy: #8a5a00; --busy-bg: #fff3d6;
  --mute: #525b6a; --mute-bg: #eef0f4; --target: #fff8d6; }
@media (prefers-color-scheme: dark) { :root { --ground: #11151c; --card: #191f29; --ink: #e3e8f0;
  --soft: #98a3b5; --line: #2a3240; --link: #7db7f2; --good: #7fd6a4; --good-bg: #16352a;
  --built: #86c8ee; --built-bg: #14303f; --bad: #ff9d95; --bad-bg: #432021; --busy: #f0c56c;
  --busy-bg: #3b2f14; --mute: #98a3b5; --mute-bg: #242b37; --target: #35301a; } }
* { box-sizing: border-box; }
body { margin: 0; background: var(--ground); color: var(--ink);
  font: 15px/1.5 system-ui, -apple-system, "Segoe UI", Roboto, "Noto Sans", sans-serif; }
main, header, footer { max-width: 76rem; margin: 0 auto; padding: 0 1.25rem; }
header { padding-top: 2rem; }
h1 { margin: 0; font-size: 1.6rem; letter-spacing: -.01em; }
h2 { margin: 0; font-size: 1.15rem; }
h3 { margin: 1.5rem 0 .5rem; font-size: .95rem; }
p { margin: .35rem 0; }
a { color: var(--link); text-underline-offset: .15em; }
a:focus-visible, summary:focus-visible, .scroll:focus-visible { outline: 2px solid var(--link);
  outline-offset: 2px; }
code, pre, .mono { font-family: ui-monospace, "Cascadia Mono", "DejaVu Sans Mono", Menlo, monospace;
  font-size: .9em; }
.soft { color: var(--soft); }
.small { font-size: .85rem; }
.tally { display: flex; flex-wrap: wrap; gap: .5rem; margin: 1rem 0 0; padding: 0; list-style: none; }
.card { background: var(--card); border: 1px solid var(--line); border-radius: .75rem;
  margin: 1.25rem 0; padding: 1.1rem 1.25rem; }
.head { display: flex; flex-wrap: wrap; gap: .25rem .9rem; align-items: baseline; }
.scroll { overflow-x: auto; margin: .9rem -1.25rem 0; padding: 0 1.25rem; }
table { border-collapse: separate; border-spacing: 0; }
caption { text-align: left; color: var(--soft); font-size: .85rem; padding-bottom: .4rem; }
th, td { padding: .4rem .55rem; border-bottom: 1px solid var(--line); text-align: left;
  white-space: nowrap; vertical-align: middle; }
thead th { vertical-align: bottom; font-weight: 600; }
tbody tr:last-child > * { border-bottom: 0; }
tbody tr:hover > * { background: var(--ground); }
th[scope=row], thead td { position: sticky; left: 0; background: var(--card); font-weight: 600;
  max-width: 14rem; overflow: hidden; text-overflow: ellipsis; padding-left: 0; }
.release { display: block; } .release small { font-weight: 400; color: var(--soft); }
.sub { display: block; font-weight: 400; font-size: .78rem; color: var(--soft); }
.req { margin-left: .4rem; font-weight: 400; font-size: .72rem; color: var(--soft);
  border: 1px solid var(--line); border-radius: .3rem; padding: 0 .3rem; }
.pill { display: inline-flex; gap: .35rem; align-items: center; padding: .1rem .6rem;
  border-radius: 1rem; font-size: .82rem; font-weight: 600; text-decoration: none;
  background: var(--mute-bg); color: var(--mute); }
a.pill:hover { text-decoration: underline; }
.kept { background: var(--good-bg); color: var(--good); }
.built { background: var(--built-bg); color: var(--built); }
.failed, .blocked, .withheld, .alarm { background: var(--bad-bg); color: var(--bad); }
.notes { margin: .6rem 0; padding: .5rem .9rem .5rem 1.9rem; border-radius: .4rem;
  background: var(--bad-bg); color: var(--bad); overflow-wrap: anywhere; }
.gate.held { color: var(--busy); }
.gate.recalled { color: var(--bad); }
.running, .waiting, .late { background: var(--busy-bg); color: var(--busy); }
.fresh { background: var(--good-bg); color: var(--good); }
details { border-top: 1px solid var(--line); }
details:first-of-type { border-top: 0; }
summary { cursor: pointer; padding: .5rem 0; overflow-wrap: anywhere; }
summary b { margin-right: .6rem; }
dl { margin: 0 0 .75rem; }
dd code { background: var(--mute-bg); border-radius: .25rem; padding: 0 .25rem; }
.cell { display: grid; grid-template-columns: minmax(11rem, 17rem) 1fr; gap: .1rem 1rem;
  padding: .45rem .6rem; border-radius: .4rem; }
.cell:target { background: var(--target); }
dt { overflow-wrap: anywhere; } dt .pill { margin-top: .15rem; }
dd { margin: 0; overflow-wrap: anywhere; }
dd a { margin-right: .9rem; }
.legend { display: grid; grid-template-columns: repeat(auto-fill, minmax(17rem, 1fr)); gap: .45rem 1rem;
  margin: .6rem 0 0; padding: 0; list-style: none; font-size: .88rem; }
pre { margin: .4rem 0; padding: .6rem .8rem; overflow-x: auto; background: var(--ground);
  border: 1px solid var(--line); border-radius: .5rem; }
footer { padding-bottom: 2.5rem; }
.skip { position: absolute; left: -99rem; } .skip:focus { left: 1rem; top: .5rem; }
[hidden] { display: none !important; }
#find { display: flex; flex-wrap: wrap; gap: .5rem 1rem; margin: 1rem 0 0; align-items: center; }
#find input, #find select { font: inherit; padding: .2rem .5rem; border: 1px solid var(--soft); border-radius: .4rem;
  background: var(--card); color: var(--ink); }
@media (max-width: 40rem) { body { font-size: 14px; } .cell { grid-template-columns: 1fr; }
  th[scope=row], thead td { max-width: 9rem; } .req { display: block; width: fit-content; margin: 0; }
  main, header, footer { padding-left: .8rem; padding-right: .8rem; } }
@media print { body { background: #fff; } .card { break-inside: avoid; } }
`;

/** SHA-256 of {@link STATUS_CSS} for the page's policy; a test compares them. */
export const STATUS_CSS_HASH = 'sha256-phsrujr7ipfzZOvE6WQP/SrMhtm/kvvz0lnaeaLYklo=';
