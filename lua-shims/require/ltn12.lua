-- Counterpart: ltn12.lua of LuaSocket
-- Sources give data piece by piece, sinks take it, filters change it, pumps move it. A piece of nil is the end.

local filter, source, sink, pump = {}, {}, {}, {}
local ltn12 = { filter = filter, source = source, sink = sink, pump = pump, BLOCKSIZE = 2048, _VERSION = "LTN12 1.0.3" }

-- Makes a filter of a function that is given what it kept the last time.
function filter.cycle(low, context, extra)
	assert(low)
	return function(piece)
		local result
		result, context = low(context, piece, extra)
		return result
	end
end

-- What a filter gives for a piece: all of it, since a filter may hold more than it gives at once.
local function drain(one, piece)
	local out = {}
	local result = one(piece)
	local ended = piece == nil
	while result and result ~= "" do
		out[#out + 1] = result
		if ended then result = one(nil) else result = one("") end
	end
	return table.concat(out), ended and result == nil
end

function filter.chain(...)
	local filters = { ... }
	local done = false
	return function(piece)
		if done then return nil end
		if piece == "" then return "" end
		local data, ending = piece, piece == nil
		for i = 1, #filters do
			local out = ""
			if data and data ~= "" then out = drain(filters[i], data) end
			if ending then out = out .. (drain(filters[i], nil)) end
			data = out
		end
		done = ending
		return ending and data == "" and nil or data
	end
end

function source.empty()
	return function() return nil end
end

function source.error(err)
	return function() return nil, err end
end

function source.string(text)
	local position = 1
	return function()
		local piece = text and text:sub(position, position + ltn12.BLOCKSIZE - 1)
		position = position + ltn12.BLOCKSIZE
		return piece ~= "" and piece or nil
	end
end

function source.table(pieces)
	assert(type(pieces) == "table")
	local i = 0
	return function()
		i = i + 1
		return pieces[i]
	end
end

function source.file(handle, err)
	if not handle then
		return source.error(err or "unable to open file")
	end
	return function()
		local piece = handle:read(ltn12.BLOCKSIZE)
		if not piece then handle:close() end
		return piece
	end
end

-- A source may give another one to go on with; this one hides that.
function source.simplify(from)
	assert(from)
	return function()
		local piece, following = from()
		if not piece then return nil, following end
		from = following or from
		return piece
	end
end

function source.cat(...)
	local sources, i = { ... }, 1
	return function()
		while sources[i] do
			local piece, err = sources[i]()
			if piece or err then return piece, err end
			i = i + 1
		end
	end
end

function source.chain(from, ...)
	local change, ended = filter.chain(...), false
	return function()
		while not ended do
			local piece, err = from()
			if err then return nil, err end
			ended = piece == nil
			local changed = change(piece)
			if changed ~= "" then return changed end
		end
	end
end

-- A source that takes pieces back, to give them again.
function source.rewind(from)
	assert(from)
	local returned = {}
	return function(piece)
		if piece then
			returned[#returned + 1] = piece
		else
			return table.remove(returned) or from()
		end
	end
end

function sink.table(pieces)
	pieces = pieces or {}
	return function(piece)
		if piece then pieces[#pieces + 1] = piece end
		return 1
	end, pieces
end

function sink.null()
	return function() return 1 end
end

function sink.error(err)
	return function() return nil, err end
end

function sink.file(handle, err)
	if not handle then
		return sink.error(err or "unable to open file")
	end
	return function(piece)
		if piece then return handle:write(piece) end
		handle:close()
		return 1
	end
end

function sink.simplify(to)
	assert(to)
	return function(piece, err)
		local ok, following = to(piece, err)
		if not ok then return nil, following end
		to = following or to
		return 1
	end
end

-- Takes filters and then the sink.
function sink.chain(...)
	local parts = { ... }
	local to = table.remove(parts)
	local change = filter.chain(table.unpack(parts))
	return function(piece, err)
		local changed = change(piece)
		if changed and changed ~= "" then
			local ok, reason = to(changed, err)
			if not ok then return nil, reason end
		end
		return piece ~= nil and 1 or to(nil, err)
	end
end

-- Moves one piece; gives 1, or nil at the end and with the reason when something failed.
function pump.step(from, to)
	local piece, source_error = from()
	local ok, sink_error = to(piece, source_error)
	if piece and ok then
		return 1
	end
	return nil, source_error or sink_error
end

function pump.all(from, to, step)
	assert(from and to)
	step = step or pump.step
	while true do
		local ok, err = step(from, to)
		if not ok then
			if err then return nil, err end
			return 1
		end
	end
end

return ltn12
