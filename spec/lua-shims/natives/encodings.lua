local encodings = require "util.encodings"
for _, sample in ipairs { "", "a", "ab", "abc", "abcd", "\0\255\128", ("x"):rep(100), 12, 1.5 } do
	show(encodings.base64.encode(sample), encodings.base64.decode(encodings.base64.encode(sample)) == tostring(sample))
end
for _, sample in ipairs { "YQ==", "YQ", "Y Q = =", "YW\nI=", "!", "YWJj\0YWJj", "YQ==YQ==", "=", "/+/+", "/+8=", "-_-_" } do
	show("decoded", encodings.base64.decode(sample))
end
show(select("#", encodings.base64.decode("!")))
local names = {
	"abc", "Grüße", "\255", "\237\160\128", "\240\159\152\128", "a\0b", "\192\128", "A B", "ﬁ", "İ", "a\u{200b}b", "_dmarc.example",
	("x"):rep(1023), ("x"):rep(1024),
}
for _, sample in ipairs(names) do
	show("utf8", encodings.utf8.valid(sample), encodings.utf8.length(sample))
	for _, profile in ipairs { "nameprep", "nodeprep", "resourceprep", "saslprep" } do
		show(profile, encodings.stringprep[profile](sample), encodings.stringprep[profile](sample, true))
	end
	show("idna", encodings.idna.to_ascii(sample), encodings.idna.to_unicode(sample))
end
show(encodings.idna.to_ascii("Bücher.example"), encodings.idna.to_unicode("xn--bcher-kva.example"), encodings.version)
show(problem(encodings.base64.encode), problem(encodings.base64.encode, {}), problem(encodings.utf8.valid))
show(problem(encodings.stringprep.nodeprep, "a", 1), problem(encodings.stringprep.nodeprep, "a", nil))
local skeleton = encodings.confusable.skeleton
show(skeleton("paypa1"), skeleton("rn"), skeleton("Rοmeo"), skeleton("ro\u{301}meo"), skeleton("ró"), skeleton("ﬁ½℀"), skeleton(""), skeleton("\xff"))
local all = {}
for code = 32, 0x2fff, 7 do all[#all + 1] = skeleton(utf8.char(code)) end
show(table.concat(all))
