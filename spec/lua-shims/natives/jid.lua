local jid = require "util.jid"
local samples = {
	"a@b/c", "a@b", "b", "b/c", "@b", "a@", "a@b/", "/c", "", "a@b@c", "a@b/c@d/e", "A@B.Example./Res", "..", ".",
	"Ä@ß.de/x y", "\255@b", "a@b/\0c", "a\\20b@c", "a b@c", "a@b c", "a@b./r", "ŧ@\204\136", "a@" .. ("x"):rep(1024),
	("y"):rep(1023) .. "@b",
}
for _, sample in ipairs(samples) do
	show("split", sample, jid.split(sample))
	show("bare", jid.bare(sample))
	show("prepped", jid.prepped_split(sample))
	show("strict", jid.prepped_split(sample, true))
	show("prep", jid.prep(sample))
	show("parts", jid.node(sample), jid.host(sample), jid.resource(sample))
	show("escaped", jid.escape(sample), jid.unescape(sample))
	for _, rule in ipairs { "a@b", "b", "b/c", "a@b/c", "" } do
		show("compare", rule, jid.compare(sample, rule))
	end
end
show(select("#", jid.split(nil)), select("#", jid.split("@")), select("#", jid.prepped_split("@")), select("#", jid.join(nil, nil, "x")))
show(jid.bare(nil), jid.node(nil), jid.prep(nil), jid.escape(nil), jid.unescape(nil))
show(jid.join("a", "b", "c"), jid.join(nil, "b", "c"), jid.join("a", "b"), jid.join(nil, "b"))
show(jid.escape("\\20 \"&'/:<>@\\"), jid.unescape("\\20\\22\\5c20\\2F"))
show(problem(jid.split, {}), problem(jid.prep, true))
