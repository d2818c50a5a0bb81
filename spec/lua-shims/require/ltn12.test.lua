local ltn12 = require "ltn12"
local report = require "report"

local function collect(source)
	local sink, pieces = ltn12.sink.table()
	local ok, err = ltn12.pump.all(source, sink)
	return ok, err, table.concat(pieces)
end

report.line("text", collect(ltn12.source.string("hello")))
report.line("long text", #select(3, collect(ltn12.source.string(("x"):rep(5000)))))
report.line("no text", collect(ltn12.source.string(nil)))
report.line("empty text", collect(ltn12.source.string("")))
report.line("empty", collect(ltn12.source.empty()))
report.line("error", collect(ltn12.source.error("broken")))
report.line("table", collect(ltn12.source.table({ "a", "b", "c" })))
report.line("cat", collect(ltn12.source.cat(ltn12.source.string("a"), ltn12.source.empty(), ltn12.source.string("b"))))
report.line("no file", collect(ltn12.source.file(nil, "no such file")))
report.line("null", ltn12.pump.all(ltn12.source.string("a"), ltn12.sink.null()))
report.line("failing sink", ltn12.pump.all(ltn12.source.string("a"), ltn12.sink.error("full")))
report.line("no sink file", ltn12.pump.all(ltn12.source.string("a"), ltn12.sink.file(nil, "no such file")))

local function upper(piece) return piece and piece:upper() end
local function pairs_of() -- holds back an odd character
	return ltn12.filter.cycle(function(held, piece)
		if piece == nil then
			if held ~= "" then return "(" .. held .. ")", "" end
			return nil, ""
		end
		local all = held .. piece
		local ready = all:sub(1, #all - #all % 2)
		return (ready:gsub("..", "[%0]")), all:sub(#ready + 1)
	end, "")
end
report.line("chained source", collect(ltn12.source.chain(ltn12.source.table({ "ab", "c", "de" }), pairs_of())))
report.line("two filters", collect(ltn12.source.chain(ltn12.source.table({ "ab", "c", "d" }), pairs_of(), upper)))
local sink, pieces = ltn12.sink.table()
report.line("chained sink", ltn12.pump.all(ltn12.source.table({ "ab", "c", "de" }), ltn12.sink.chain(pairs_of(), upper, sink)), table.concat(pieces))
report.line("step", ltn12.pump.step(ltn12.source.string("a"), ltn12.sink.null()), ltn12.pump.step(ltn12.source.empty(), ltn12.sink.null()))
local again = ltn12.source.rewind(ltn12.source.table({ "a", "b" }))
local first = again()
again(first)
report.line("rewound", collect(again))

local file = { data = { "x", "y" }, closed = 0 }
function file:read() return table.remove(self.data, 1) end
function file:write(data) self.written = (self.written or "") .. data return self end
function file:close() self.closed = self.closed + 1 end
report.line("file", collect(ltn12.source.file(file)))
report.line("closed", file.closed)
report.line("to file", ltn12.pump.all(ltn12.source.string("abc"), ltn12.sink.file(file)), file.written, file.closed)
report.line("simple", collect(ltn12.source.simplify(ltn12.source.string("abc"))), type(ltn12.BLOCKSIZE))
