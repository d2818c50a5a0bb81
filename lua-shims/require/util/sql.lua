-- Counterpart: util/sql.lua
-- Databases with transactions, on top of LuaDBI. SQL is written with double quotes around names, and question marks for values.

local DBI = require "DBI"
local build_url = require "socket.url".build
local log = require "util.logger".init("sql")

local column_mt, index_mt, query_mt = {}, {}, {}
local table_mt = { __index = {} }

local function has_metatable(metatable)
	return function(value)
		return getmetatable(value) == metatable
	end
end
local is_column, is_index, is_table, is_query =
	has_metatable(column_mt), has_metatable(index_mt), has_metatable(table_mt), has_metatable(query_mt)

local function Column(definition)
	return setmetatable(definition, column_mt)
end

local function Index(definition)
	return setmetatable(definition, index_mt)
end

-- A table of columns and indices; its columns are in `c`, by number and name.
local function Table(definition)
	local columns = {}
	for position, part in ipairs(definition) do
		if is_column(part) then
			columns[position], columns[part.name] = part, part
		elseif is_index(part) then
			part.table = definition.name
		end
	end
	return setmetatable({ __table__ = definition, c = columns, name = definition.name }, table_mt)
end

function column_mt:__tostring()
	return ('Column{ name="%s", type="%s" }'):format(self.name, self.type)
end

function index_mt:__tostring()
	local parts = { ('Index{ name="%s"'):format(self.name) }
	for _, column in ipairs(self) do
		parts[#parts + 1] = ('"%s"'):format((column:gsub('[\\"]', "\\%1")))
	end
	return table.concat(parts, ", ") .. " }"
end

function table_mt:__tostring()
	local parts = { ('name="%s"'):format(self.name) }
	for _, part in ipairs(self.__table__) do
		parts[#parts + 1] = tostring(part)
	end
	return "Table{ " .. table.concat(parts, ", ") .. " }"
end

function table_mt.__index:create(engine)
	return engine:_create_table(self)
end

local engine = {}
local engine_mt = { __index = engine }

-- Connects, unless that is done. Gives true, or false (or nil) and why not.
function engine:connect()
	if self.conn then
		return true
	end
	local params = self.params
	assert(params.driver, "no driver")
	log("debug", "Connecting to [%s] %s...", params.driver, params.database)
	local found, connection, problem =
		pcall(DBI.Connect, params.driver, params.database, params.username, params.password, params.host, params.port)
	if not found then
		return found, connection
	elseif not connection then
		return nil, problem
	end
	connection:autocommit(false)
	self.conn, self.prepared = connection, {}
	local ok, why_not = self:set_encoding()
	if not ok then
		return ok, why_not
	end
	ok, why_not = self:onconnect()
	if ok == false then
		return ok, why_not
	end
	return true
end

-- Called with each new connection, and when one was lost; who makes an engine may give others.
function engine:onconnect() end
function engine:ondisconnect() end

function engine:prepquery(sql)
	if self.params.driver == "MySQL" then
		sql = sql:gsub('"', "`")
	end
	return sql
end

-- Runs a statement, which is kept for the next time. Gives it, or nothing and why not.
function engine:execute(sql, ...)
	local ok, problem = self:connect()
	if not ok then
		return ok, problem
	end
	sql = self:prepquery(sql)
	local statement = self.prepared[sql]
	if not statement then
		statement, problem = self.conn:prepare(sql)
		if not statement then
			return statement, problem
		end
		self.prepared[sql] = statement
	end
	ok, problem = statement:execute(...)
	if not ok then
		return ok, problem
	end
	return statement
end

-- Gives an iterator over rows, which have all been read by then. Raises errors.
function engine:execute_query(sql, ...)
	local statement = assert(self.conn:prepare((self:prepquery(sql))))
	assert(statement:execute(...))
	local rows = {}
	for row in statement:rows() do
		rows[#rows + 1] = row
	end
	statement:close()
	local position = 0
	return function()
		position = position + 1
		return rows[position]
	end
end

local result_mt = { __index = {} }
function result_mt.__index:affected()
	return self.__stmt:affected()
end
function result_mt.__index:rowcount()
	return self.__stmt:rowcount()
end

-- Gives what can be asked how many rows it changed. Raises errors.
function engine:execute_update(sql, ...)
	sql = self:prepquery(sql)
	local statement = self.prepared[sql]
	if not statement then
		statement = assert(self.conn:prepare(sql))
		self.prepared[sql] = statement
	end
	assert(statement:execute(...))
	return setmetatable({ __stmt = statement }, result_mt)
end

local function log_query(kind, sql, ...)
	local values, position = table.pack(...), 0
	local text = sql:gsub("\n?\t+", " "):gsub("%?", function()
		position = position + 1
		local value = values[position]
		return type(value) == "string" and ("'%s'"):format((value:gsub("'", "''"))) or tostring(value)
	end)
	log("debug", "[%s] %s", kind, text)
end

for name, method in pairs({ insert = "execute_update", select = "execute_query", delete = "execute_update", update = "execute_update" }) do
	engine[name] = function(self, sql, ...)
		if self._debug then
			log_query(name, sql, ...)
		end
		return self[method](self, sql, ...)
	end
end

function engine:debug(enable)
	self._debug = enable
end

local function keep_trace(problem)
	local trace = debug.traceback(problem, 3)
	log("debug", "Error in SQL transaction: %s", trace)
	return { err = problem, traceback = trace }
end

function engine:_transaction(run, ...)
	if not self.conn then
		local ok, problem = self:connect()
		if not ok then
			return ok, problem
		end
	end
	self.__transaction = true
	local results = table.pack(xpcall(run, keep_trace, ...))
	self.__transaction = nil
	if not results[1] then
		if self.conn then
			self.conn:rollback()
		end
		return false, results[2].err
	end
	local ok, problem = self.conn:commit()
	if not ok then
		return ok, problem or "commit failed"
	end
	return table.unpack(results, 1, 4)
end

-- Runs a function in a transaction, which is taken back where it raises an error. Gives true and up to three of its results, or
-- false (or nil) and why not. A connection that was lost is made again once.
function engine:transaction(...)
	local ok, result, second, third = self:_transaction(...)
	if ok then
		return ok, result, second, third
	end
	if not self.conn or not self.conn:ping() then
		log("debug", "Database connection was closed. Will reconnect and retry.")
		self.conn = nil
		self:ondisconnect()
		ok, result, second, third = self:_transaction(...)
	end
	if not ok then
		log("error", "Error in SQL transaction: %s", result)
	end
	return ok, result, second, third
end

local function quoted(names)
	local list = {}
	for _, name in ipairs(names) do
		list[#list + 1] = ('"%s"'):format(name)
	end
	return list
end

function engine:_create_index(index)
	local is_mysql = self.params.driver == "MySQL"
	local columns = table.concat(quoted(index), is_mysql and "(20), " or ", ")
	local sql = ('CREATE %sINDEX %s"%s" ON "%s" (%s%s);'):format(
		index.unique and "UNIQUE " or "",
		is_mysql and "" or "IF NOT EXISTS ",
		index.name,
		index.table,
		columns,
		is_mysql and "(20)" or ""
	)
	if self._debug then
		log_query("create", sql)
	end
	return self:execute(sql)
end

local numbering = { MySQL = " AUTO_INCREMENT", SQLite3 = " AUTOINCREMENT" }

function engine:_create_table(new)
	local driver = self.params.driver
	local columns = {}
	for _, column in ipairs(new.c) do
		local kind = column.type
		if kind == "MEDIUMTEXT" and driver ~= "MySQL" then
			kind = "TEXT"
		elseif column.auto_increment == true and driver == "PostgreSQL" then
			kind = "BIGSERIAL"
		end
		columns[#columns + 1] = ('"%s" %s%s%s%s'):format(
			column.name,
			kind,
			column.nullable == false and " NOT NULL" or "",
			column.primary_key == true and " PRIMARY KEY" or "",
			column.auto_increment == true and numbering[driver] or ""
		)
	end
	local tail = driver == "MySQL" and (" CHARACTER SET '%s' COLLATE '%s_bin'"):format(self.charset, self.charset) or ""
	local sql = ('CREATE TABLE IF NOT EXISTS "%s" (%s)%s;'):format(new.name, table.concat(columns, ", "), tail)
	if self._debug then
		log_query("create", sql)
	end
	local ok, problem = self:execute(sql)
	if not ok then
		return ok, problem
	end
	for _, part in ipairs(new.__table__) do
		if is_index(part) then
			self:_create_index(part)
		end
	end
	return ok
end

-- SQLite is the one driver there is here: its files say what their text is.
function engine:set_encoding()
	return self:transaction(function()
		for encoding in self:select("PRAGMA encoding;") do
			if encoding[1] == "UTF-8" then
				self.charset = "utf8"
			end
		end
	end)
end

local function db2uri(params)
	return build_url({
		scheme = params.driver,
		user = params.username,
		password = params.password,
		host = params.host,
		port = params.port,
		path = params.database,
	})
end

local function create_engine(_, params, onconnect, ondisconnect)
	return setmetatable({ url = db2uri(params), params = params, onconnect = onconnect, ondisconnect = ondisconnect }, engine_mt)
end

return {
	is_column = is_column,
	is_index = is_index,
	is_table = is_table,
	is_query = is_query,
	Integer = function() return "Integer()" end,
	String = function() return "String()" end,
	Column = Column,
	Table = Table,
	Index = Index,
	create_engine = create_engine,
	db2uri = db2uri,
}
