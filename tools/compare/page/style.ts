// No counterpart: part of `enjamb compare --html`.

const light = `
	--page: #f6f7f8; --card: #ffffff; --sunken: #f3f5f7; --text: #1c2229; --quiet: #66707c; --edge: #dfe3e8; --accent: #0b62c4;
	--equal: #2c9c74; --known: #d39200; --different: #d22f4e;
	--equal-text: #1b7454; --known-text: #855a00; --different-text: #b31c3b;
	--different-line: #d22f4e12; --different-mark: #d22f4e26; --different-core: #d22f4e52;
	--known-line: #d3920014; --known-mark: #d392002e; --known-core: #d3920060;
	--tag: #0a54a8; --attribute: #7b3fa0; --value: #17694a; --punctuation: #8a94a0; --hit: #ffe27a; --hatch: #00000009;
`;

const dark = `
	--page: #12161b; --card: #1a2027; --sunken: #151a20; --text: #dfe5ec; --quiet: #93a0ae; --edge: #2d353f; --accent: #6cb2ff;
	--equal: #37b98b; --known: #e0a526; --different: #f0566f;
	--equal-text: #5fd3a8; --known-text: #efbf58; --different-text: #ff8397;
	--different-line: #f0566f17; --different-mark: #f0566f33; --different-core: #f0566f73;
	--known-line: #e0a52617; --known-mark: #e0a52636; --known-core: #e0a52670;
	--tag: #7db9ff; --attribute: #cfa6f5; --value: #86d6a8; --punctuation: #6f7d8c; --hit: #806500; --hatch: #ffffff0a;
`;

/** The page's style sheet. */
export const page_style = `
:root { ${light} color-scheme: light; }
@media (prefers-color-scheme: dark) { :root:not([data-theme="light"]) { ${dark} color-scheme: dark; } }
:root[data-theme="dark"] { ${dark} color-scheme: dark; }

* { box-sizing: border-box; }
[hidden] { display: none !important; }
body {
	margin: 0 auto; padding: 0 24px 48px; max-width: 1720px; min-width: 860px;
	background: var(--page); color: var(--text);
	font: 15px/1.5 system-ui, -apple-system, "Segoe UI", "Noto Sans", "Liberation Sans", sans-serif;
	font-variant-numeric: tabular-nums;
}
h1, h2, h3, h4, p, ul { margin: 0; padding: 0; font-size: inherit; font-weight: inherit; }
ul { list-style: none; }
a { color: var(--accent); text-decoration: none; }
a:hover { text-decoration: underline; }
code, kbd, .line { font-family: ui-monospace, "SF Mono", "Cascadia Mono", "JetBrains Mono", "DejaVu Sans Mono", monospace; font-size: 12.5px; }
code { overflow-wrap: anywhere; }
kbd { padding: 0 5px; border: 1px solid var(--edge); border-radius: 4px; background: var(--sunken); font-size: 11.5px; }
.quiet { color: var(--quiet); }
.space { flex: 1; }

header { padding: 28px 0 20px; }
h1 { font-size: 26px; font-weight: 650; line-height: 1.25; letter-spacing: -0.01em; }
h1 span { color: var(--quiet); font-weight: 400; }
.about { margin-top: 4px; color: var(--quiet); white-space: pre-wrap; }
.verdict { margin: 20px 0 10px; font-size: 19px; font-weight: 600; }
.hollow { margin: 20px 0 0; padding: 8px 12px; border-left: 4px solid var(--known); background: var(--known-mark); }
.bar { display: flex; gap: 2px; height: 14px; border-radius: 7px; overflow: hidden; background: var(--edge); }
.bar span { flex: 0 1 0; min-width: 5px; }
.bar .equal { background: var(--equal); }
.bar .known { background: var(--known); }
.bar .different { background: var(--different); }
.legend { display: flex; gap: 24px; margin-top: 8px; }
.key::before { content: ""; display: inline-block; width: 10px; height: 10px; margin-right: 8px; border-radius: 3px; }
.key.equal::before { background: var(--equal); }
.key.known::before { background: var(--known); }
.key.different::before { background: var(--different); }

.outcomes { display: grid; grid-template-columns: repeat(auto-fit, minmax(400px, 1fr)); gap: 8px 32px; margin-top: 20px; }
.outcomes h2 { color: var(--quiet); font-weight: 600; }
.outcomes .verdict { margin-top: 2px; }
.outcomes .legend { flex-wrap: wrap; gap: 0 20px; }
.outcomes .key { white-space: nowrap; }
.whose { display: flex; flex-wrap: wrap; gap: 0 16px; font-size: 13.5px; }
.whose b { font-weight: 600; }

.panels { display: grid; grid-template-columns: repeat(auto-fit, minmax(400px, 1fr)); gap: 16px; align-items: start; margin-top: 20px; }
.panel { padding: 16px 20px; border: 1px solid var(--edge); border-radius: 10px; background: var(--card); min-width: 0; }
.panel h2 { margin-bottom: 8px; font-size: 16px; font-weight: 650; }
.panel li + li { margin-top: 8px; }
.panel.warning { border-color: var(--different); }
.groups li { display: grid; grid-template-columns: 3.5em 1fr; gap: 10px; align-items: baseline; }
.groups a { overflow-wrap: anywhere; }
.times { text-align: right; font-weight: 600; }
.reason { color: var(--quiet); font-size: 14px; }

.toolbar {
	position: sticky; top: 0; z-index: 3; display: flex; flex-wrap: wrap; gap: 8px; align-items: center;
	margin: 0 -24px; padding: 10px 24px; border-bottom: 1px solid var(--edge); background: var(--page);
}
button, select, input {
	height: 34px; padding: 0 10px; border: 1px solid var(--edge); border-radius: 7px;
	background: var(--card); color: inherit; font: inherit; font-size: 14px;
}
button { cursor: pointer; }
button:hover, select:hover { border-color: var(--quiet); }
:focus-visible { outline: 2px solid var(--accent); outline-offset: 1px; }
select { max-width: 200px; }
input { width: 220px; }
.statuses { display: flex; }
.statuses button { border-radius: 0; margin-left: -1px; }
.statuses button:first-child { border-radius: 7px 0 0 7px; margin-left: 0; }
.statuses button:last-child { border-radius: 0 7px 7px 0; }
.statuses span { color: var(--quiet); }
.statuses [aria-pressed="true"] { position: relative; background: var(--text); border-color: var(--text); color: var(--card); }
.statuses [aria-pressed="true"] span { color: inherit; opacity: 0.75; }
.only { max-width: 420px; overflow: hidden; text-overflow: ellipsis; white-space: nowrap; border-color: var(--accent); color: var(--accent); }
.position { color: var(--quiet); font-size: 14px; }

.play { margin-top: 14px; border: 1px solid var(--edge); border-radius: 10px; background: var(--card); }
.play-head { display: flex; gap: 14px; align-items: center; padding: 6px 16px 6px 8px; }
.play-head h2 { flex: 1; min-width: 0; }
.title {
	display: flex; gap: 8px; align-items: center; width: 100%; height: auto; min-height: 36px; padding: 4px 8px; border: 0; background: none;
	font-size: 16px; font-weight: 600; text-align: left; overflow-wrap: anywhere;
}
.chevron { flex: none; width: 8px; height: 8px; margin: 0 4px; border: solid var(--quiet); border-width: 0 2px 2px 0; transform: rotate(-45deg); }
.open .chevron { transform: rotate(45deg) translate(-2px, -2px); }
.file { margin-left: 6px; color: var(--quiet); font-size: 13px; font-weight: 400; }
.open .file { display: none; }
.shown { font-size: 13px; white-space: nowrap; }
.counts { display: flex; gap: 8px; white-space: nowrap; }
.count, .pill { padding: 1px 9px; border-radius: 10px; font-size: 12.5px; font-weight: 600; white-space: nowrap; }
.count.equal, .pill.equal { background: color-mix(in srgb, var(--equal) 14%, transparent); color: var(--equal-text); }
.count.known, .pill.known { background: color-mix(in srgb, var(--known) 18%, transparent); color: var(--known-text); }
.count.different, .pill.different { background: color-mix(in srgb, var(--different) 15%, transparent); color: var(--different-text); }
.link { color: var(--quiet); font-size: 13px; min-width: 2.5em; text-align: right; }
.play-about, .columns { display: none; }
.open .play-about { display: flex; flex-wrap: wrap; gap: 2px 28px; padding: 0 20px 10px 36px; color: var(--quiet); font-size: 13.5px; }
.players { white-space: pre-wrap; }
.players b { color: var(--text); font-weight: 600; }
.open .columns {
	position: sticky; top: var(--toolbar, 56px); z-index: 2; display: grid; grid-template-columns: 1fr 1fr;
	border: solid var(--edge); border-width: 1px 0; background: var(--sunken); font-size: 13px; font-weight: 600;
}
.three .open .columns { grid-template-columns: repeat(3, minmax(0, 1fr)); padding: 0 20px 0 24px; }
.three .columns span, .three .columns span + span { padding: 5px 10px 5px 27px; }
.columns span { padding: 5px 12px 5px 36px; overflow-wrap: anywhere; }
.columns span + span { padding-left: 28px; }

.step { padding: 14px 20px 18px; border-left: 4px solid transparent; scroll-margin-top: calc(var(--toolbar, 56px) + 34px); }
.three .step { scroll-margin-top: calc(var(--toolbar, 56px) + 56px); }
.play { scroll-margin-top: calc(var(--toolbar, 56px) + 8px); }
.step + .step { border-top: 1px solid var(--edge); }
.step:last-child { border-bottom-left-radius: 10px; }
.step.known { border-left-color: var(--known); }
.step.different { border-left-color: var(--different); }
.step.current { background: color-mix(in srgb, var(--accent) 6%, transparent); }
.step:not([data-filled]) { min-height: 220px; }
h3 { display: flex; gap: 10px; align-items: center; margin-bottom: 8px; }
.number { min-width: 2em; color: var(--quiet); font-size: 13px; }
.what { font-weight: 600; }
.kind { padding: 1px 8px; border-radius: 5px; background: var(--sunken); border: 1px solid var(--edge); color: var(--text); font-size: 12.5px; }
h3 .quiet { font-size: 13px; }
.sent { margin: 0 0 10px; padding: 8px 0; border-radius: 7px; background: var(--sunken); }
.sent + .sent { margin-top: -4px; }
.client { margin-top: 12px; }
h4 { font-weight: 600; margin-bottom: 4px; }
h4 .quiet { margin-left: 10px; font-weight: 400; font-size: 13px; }
.notes { margin: 0 0 8px; font-size: 14px; }
.notes li { position: relative; padding-left: 22px; overflow-wrap: anywhere; }
.notes li::before { content: "≠"; position: absolute; left: 4px; font-weight: 700; }
.notes .different::before { color: var(--different-text); }
.notes .known::before { content: "≈"; color: var(--known-text); }
.notes .reason { display: block; }
.notes .reason b { color: var(--known-text); font-weight: 600; }
.step > .quiet { margin-top: 10px; font-size: 14px; }

.stanza { border: 1px solid var(--edge); border-radius: 7px; overflow: hidden; }
.stanza + .stanza, .stanza + .folded, .folded + .stanza { margin-top: 8px; }
.rows { display: grid; grid-template-columns: minmax(0, 1fr) minmax(0, 1fr); padding: 6px 0; background: linear-gradient(var(--edge), var(--edge)) center / 1px 100% no-repeat; }
.three .rows {
	grid-template-columns: repeat(3, minmax(0, 1fr));
	background: linear-gradient(var(--edge), var(--edge)) 33.33% / 1px 100% no-repeat, linear-gradient(var(--edge), var(--edge)) 66.67% / 1px 100% no-repeat;
}
.line {
	--start: calc(var(--depth) * 2ch + 26px);
	position: relative; padding: 0 10px 0 calc(var(--start) + 4ch); text-indent: -4ch; line-height: 1.6;
	white-space: pre-wrap; overflow-wrap: anywhere; unicode-bidi: isolate;
}
.line span { unicode-bidi: isolate; }
.rows[data-select="left"] .line:not(.left), .rows[data-select="right"] .line:not(.right), .rows[data-select="third"] .line:not(.third) { user-select: none; }
.line-d { background: var(--different-line); }
.line-k { background: var(--known-line); }
.line-d:not(.gap)::before, .line-k:not(.gap)::before { content: "≠"; position: absolute; left: 8px; text-indent: 0; font-weight: 700; color: var(--different-text); user-select: none; }
.line-k:not(.gap)::before { content: "≈"; color: var(--known-text); }
.gap.line-d, .gap.line-k { background: repeating-linear-gradient(-45deg, var(--hatch) 0 6px, transparent 6px 12px); }
.tag { color: var(--tag); }
.attribute { color: var(--attribute); }
.value { color: var(--value); }
.punctuation { color: var(--punctuation); }
.mark-f { font-style: italic; opacity: 0.7; }
.mark-d, .mark-k { padding: 1px 0; background: var(--different-mark); box-shadow: 0 2px 0 var(--different); }
.mark-k { background: var(--known-mark); box-shadow: 0 2px 0 var(--known); }
.mark-d.core { background: var(--different-core); font-weight: 700; }
.mark-k.core { background: var(--known-core); font-weight: 700; }
.ghost { padding: 0 4px; border-radius: 3px; font-style: italic; box-shadow: none; border: 1px dashed var(--different); color: var(--different-text); user-select: none; }
.ghost.mark-k { border-color: var(--known); color: var(--known-text); }
mark { background: var(--hit); color: inherit; }
.remark { padding: 2px 12px 4px; color: var(--quiet); font-size: 12.5px; }
.folded { margin: 8px 0; }
.folded summary { width: max-content; color: var(--quiet); font-size: 14px; cursor: pointer; }
.folded summary:hover { color: var(--text); }
.folded > .stanza { margin-top: 8px; }
.more { grid-column: 1 / -1; height: auto; margin: 2px 0; padding: 1px 12px 1px 26px; border-width: 1px 0; border-radius: 0; background: var(--sunken); color: var(--quiet); font-size: 12.5px; text-align: left; }
.empty { margin: 48px 0; text-align: center; color: var(--quiet); }
footer { margin-top: 28px; color: var(--quiet); font-size: 13.5px; }
footer p + p { margin-top: 6px; }
@media (max-width: 1100px) { body { padding: 0 14px 40px; } .toolbar { margin: 0 -14px; padding: 8px 14px; } input { width: 170px; } }
@media (max-width: 1200px) { .three .line { --start: calc(var(--depth) * 1ch + 22px); font-size: 11.5px; } }
@media print { .toolbar, .link { display: none; } .columns { position: static; } }
`;
