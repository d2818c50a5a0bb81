// No counterpart: part of `enjamb bench --html`.

const light = `
	--page: #f6f7f8; --card: #ffffff; --sunken: #eef1f4; --text: #1c2229; --quiet: #66707c; --edge: #dfe3e8;
	--enjamb: #0b7a75; --prosody: #6e44a8; --ejabberd: #c2502f; --floor: #7a828c; --lua: #1f66c1;
`;

const dark = `
	--page: #12161b; --card: #1a2027; --sunken: #232b34; --text: #dfe5ec; --quiet: #93a0ae; --edge: #2d353f;
	--enjamb: #35c2b8; --prosody: #b491ea; --ejabberd: #f2855f; --floor: #98a3af; --lua: #6cb2ff;
`;

/** The page's style sheet. Servers have classes of their names, which give them their colour. */
export const page_style = `
:root { ${light} color-scheme: light; }
@media (prefers-color-scheme: dark) { :root { ${dark} color-scheme: dark; } }

* { box-sizing: border-box; }
body {
	margin: 0 auto; padding: 0 24px 48px; max-width: 1320px;
	background: var(--page); color: var(--text);
	font: 15px/1.5 system-ui, -apple-system, "Segoe UI", "Noto Sans", "Liberation Sans", sans-serif;
	font-variant-numeric: tabular-nums;
}
h1, h2, h3, p, ul { margin: 0; padding: 0; font-size: inherit; font-weight: inherit; }
ul { list-style: none; }
code { font-family: ui-monospace, "SF Mono", "Cascadia Mono", "DejaVu Sans Mono", monospace; font-size: 12.5px; overflow-wrap: anywhere; }
small, .quiet { color: var(--quiet); font-size: 13.5px; }

.enjamb { --own: var(--enjamb); }
[class^="prosody"] { --own: var(--prosody); }
.ejabberd { --own: var(--ejabberd); }
.floor { --own: var(--floor); }
.lua { --own: var(--lua); }

header { padding: 28px 0 16px; }
h1 { font-size: 26px; font-weight: 650; line-height: 1.25; letter-spacing: -0.01em; }
h2 { margin: 36px 0 4px; font-size: 19px; font-weight: 650; }
h3 { font-weight: 600; line-height: 1.35; }
.about { margin-top: 6px; color: var(--quiet); }
.legend { display: flex; flex-wrap: wrap; gap: 4px 22px; margin-top: 16px; }
.legend li::before { content: ""; display: inline-block; width: 11px; height: 11px; margin-right: 8px; border-radius: 3px; background: var(--own); }

.cards { display: grid; grid-template-columns: repeat(auto-fill, minmax(min(100%, 380px), 1fr)); gap: 16px; margin-top: 14px; }
.card { min-width: 0; padding: 14px 18px 16px; border: 1px solid var(--edge); border-radius: 10px; background: var(--card); }
.bars { display: grid; grid-template-columns: max-content 1fr max-content; gap: 6px 12px; align-items: center; margin-top: 10px; font-size: 14px; }
.bars li { display: contents; }
.bars .name { color: var(--quiet); }
.bars .value { text-align: right; font-weight: 600; }
.track { position: relative; height: 14px; border-radius: 4px; background: var(--sunken); }
.track svg { position: absolute; inset: 0; width: 100%; height: 100%; overflow: visible; }
.track .bar { fill: var(--own); }
.track .spread { stroke: var(--text); stroke-width: 1.5; opacity: 0.65; vector-effect: non-scaling-stroke; }

.plots { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(100%, 520px), 1fr)); gap: 16px; margin-top: 14px; }
.plot svg { display: block; width: 100%; height: auto; margin-top: 8px; }
.plot text { fill: var(--quiet); font-size: 12px; }
.plot .grid { stroke: var(--edge); }
.plot .line { fill: none; stroke: var(--own); stroke-width: 2; stroke-linejoin: round; }
.plot .point { fill: var(--own); }
.plot .end { fill: var(--own); font-weight: 600; }

.scroll { margin-top: 14px; border: 1px solid var(--edge); border-radius: 10px; background: var(--card); overflow-x: auto; }
table { border-collapse: collapse; width: 100%; font-size: 14px; }
th, td { padding: 7px 14px; border-bottom: 1px solid var(--edge); text-align: right; white-space: nowrap; }
tbody tr:last-child > * { border-bottom: 0; }
thead th { color: var(--quiet); font-weight: 600; }
thead tr:first-child th { padding-bottom: 0; border-bottom: 0; }
th.load { text-align: left; font-weight: 500; white-space: normal; min-width: 250px; }
thead th.load { font-weight: 600; }
.group { text-align: center; }
.first { border-left: 1px solid var(--edge); }
td.best { font-weight: 650; }
footer { margin-top: 28px; color: var(--quiet); font-size: 13.5px; }

@media (max-width: 560px) {
	body { padding: 0 14px 32px; }
	header { padding-top: 20px; }
	.plot text { font-size: 17px; }
	th, td { padding: 6px 10px; }
	th.load { position: sticky; left: 0; min-width: 140px; background: var(--card); }
}
`;
