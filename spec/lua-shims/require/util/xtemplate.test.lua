local xtemplate = require "util.xtemplate"
local st = require "util.stanza"
local report = require "report"

local root = st.stanza("entry", { xmlns = "urn:atom", id = "e<1>" })
	:text_tag("title", "A & B"):text_tag("summary", "")
	:tag("author"):text_tag("name", "N"):text_tag("uri", "u"):up()
	:tag("link", { rel = "alternate", href = "http://x?a&b" }):up()
	:tag("link", { rel = "self", href = "y" }):up()
	:tag("content", { xmlns = "urn:other" }):text("inner"):up()

for _, template in ipairs({
	"", "plain", "{title#}", "{title}", "[{missing#}]", "{author/name#}", "{link@href}", "{@id}", "{#}", "{.}", "{{urn:other}content#}",
	"{title#|and{yes}}", "{missing#|and{yes}}", "{title#|or{no}}", "{missing#|or{no}}", "{missing#|and(title){other}}", "{title#|or(missing){other}}",
	"{link|each{({@rel}={@href})}}", "{author|each{<{#}>}}", "{.|each(link){{@rel};}}", "{.|each({urn:other}content){{#}}}", 
	"{summary#|or{empty}}", "{summary#|and{not empty}}", "{title#|and{{author/name#} wrote {title#}}}", "{}", "{|x}",
	"{author|and{by {author/name#}}|and{!}}", "a { b", "a } b", "{title#|upper}", "{title#|wrap(arg)}", "{title#|wrap(arg){tpl}}",
}) do
	report.call("render " .. template, xtemplate.render, template, root, nil, template:find("wrap", 1, true) and {
		wrap = function(_, _, given) return "<wrapped" .. (given or "") .. ">", true end,
	} or { upper = function(text) return text:upper() end })
end
report.call("no such filter", xtemplate.render, "{title#|nothing}", root)
report.line("escape", xtemplate.render("{title#} {@id}", root, function(text) return "(" .. text .. ")" end))
report.line("tostring", xtemplate.render("{title#}\n{link@href}\n", root, tostring))
report.line("blanks", xtemplate.render("  {title#}  {missing#}  ", root, tostring))
if xtemplate.render("x {-title#}", root, tostring):sub(1, 2) ~= "x " then
	print("# since 13")
	report.line("each of nothing", xtemplate.render("{title#|each{x}}{missing|each{x}}", root))
	report.line("trimmed", xtemplate.render("a \n {-title#-} \n b {-title#} c {title#-} d", root, tostring))
	report.line("arguments", xtemplate.render("{title#|show(arg){tpl}} {title#|show}", root, tostring, {
		show = function(...) return report.dump({ ... }), true end,
	}))
end
