local frames = require "net.websocket.frames"
local dbuffer = require "util.dbuffer"
local report = require "report"

local function shown(frame)
	if frame and frame.data and #frame.data > 40 then frame.data = #frame.data .. frame.data:sub(1, 5) .. frame.data:sub(-5) end
	return frame
end

local function buffered(text, size)
	local buffer = dbuffer.new(nil, 200000)
	for i = 1, #text, size do buffer:write(text:sub(i, i + size - 1)) end
	return buffer
end

-- RFC 6455, section 5.7
for _, text in ipairs({
	"\129\5Hello", "\129\133\55\250\33\61\127\159\77\81\88", "\1\3Hel", "\128\2lo", "\137\5Hello", "\138\133\55\250\33\61\127\159\77\81\88",
	"\129\0", "\129\128abcd", "\136\2\3\232", "\241\1x", "\130\126\1\0" .. ("x"):rep(256), "\130\127\0\0\0\0\0\1\0\0" .. ("x"):rep(65536),
	"\130\254\1\0abcd" .. ("x"):rep(256), "", "\129", "\129\5Hell", "\129\126\0", "\129\133\55\250\33", "\130\127\0\0\0\0\0\1\0", "\129\127\0\0\0\1\0\0\0\0x",
}) do
	local frame, ends, partial = frames.parse(text)
	report.line("parse " .. report.dump(text:sub(1, 12)), shown(frame), ends, partial)
	report.line("head", frames.parse_header(text))
	frame, ends, partial = frames.parse(buffered(text, 7))
	report.line("buffered", shown(frame), ends, partial)
end
for _, frame in ipairs({
	{ opcode = 1, FIN = true, data = "Hello" }, { opcode = 1, FIN = true, data = "Hello", MASK = true, key = "\55\250\33\61" }, { opcode = 0 },
	{ opcode = 9, FIN = true, data = "ping" }, { opcode = 2, RSV1 = true, RSV2 = true, RSV3 = true, data = "x" }, { opcode = 2, data = ("x"):rep(126) },
	{ opcode = 2, data = ("x"):rep(65535) }, { opcode = 2, data = ("x"):rep(65536) }, { opcode = 2, data = ("x"):rep(300), MASK = true, key = "abcd" },
}) do
	local text = frames.build(frame)
	report.line("build", #text, text:sub(1, 20), shown((frames.parse(text))))
end
local masked = frames.build({ opcode = 1, data = "Hello", MASK = true })
report.line("by chance", #masked, frames.parse(masked).data)
report.call("no opcode", frames.build, {})
report.call("no such opcode", frames.build, { opcode = 16 })
report.call("a long ping", frames.build, { opcode = 9, data = ("x"):rep(126) })
report.line("close", frames.build_close(1000), frames.build_close(1001, "bye"), #frames.build_close(1000, "x", true))
report.line("read close", frames.parse_close("\3\232"), frames.parse_close("\3\233bye"), frames.parse_close("\3"), frames.parse_close(""))
report.call("a long reason", frames.build_close, 1000, ("x"):rep(124))
report.line("body", frames.parse_body("xxHelloxx", { length = 5 }, 3))
