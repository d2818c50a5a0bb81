local DBI, sql = require "DBI", require "util.sql"

local function open()
	return DBI.Connect("SQLite3", ":memory:")
end

local dbh = open()
show(type(dbh), dbh:autocommit(true), dbh:ping(), dbh:quote("it's"))
local statement = dbh:prepare("create table t (id integer primary key, a text, b real, c blob)")
show(statement:execute(), statement:affected(), problem(statement.rowcount, statement))
show(dbh:prepare("nonsense"))
local insert = dbh:prepare("insert into t (a, b, c) values (?, ?, ?)")
show(insert:execute("x", 1.5, nil), insert:affected(), dbh:last_id())
show(insert:execute("y\"'", 2, true), insert:affected(), dbh:last_id())
show((insert:execute("y")), (insert:execute("y", {}, 1)), (insert:execute(1, 2, 3, 4)))
local query = dbh:prepare("select * from t order by id")
show(query:execute(), table.concat(query:columns(), ","))
for row in query:rows() do show(row[1], row[2], row[3], row[4], math.type(row[1]), math.type(row[3])) end
query:execute()
for row in query:rows(true) do show(row.id, row.a, row.b, row.c) end
query:execute()
show(query:fetch()[1], query:fetch(true).a, query:fetch(), query:affected())
show(query:close(), query:execute())
show(problem(query.fetch, query))

local function count()
	local all = dbh:prepare("select count(*) from t")
	all:execute()
	return all:fetch()[1]
end
dbh:autocommit(false)
insert:execute("z", 1, 1)
show(count(), dbh:rollback(), count())
insert:execute("z", 1, 1)
show(dbh:commit(), count(), dbh:rollback(), count())
show(DBI.Do(dbh, "update t set a = ?", "w"))
show((DBI.Do(dbh, "nope")))
show(dbh:prepare("insert into t (id) values (1)"):execute())
show(dbh:close(), dbh:ping(), dbh:prepare("select 1"))
show(DBI.Connect("SQLite3", "/nonexistent/file"))
show((pcall(DBI.Connect, "Nope")), (pcall(DBI.Connect, "Oracle")), DBI._VERSION)

-- util.sql
local engine = sql:create_engine({ driver = "SQLite3", database = ":memory:" })
show(engine:connect(), engine.charset, sql.db2uri({ driver = "SQLite3", database = "/x.db" }))
local books = sql.Table {
	name = "books",
	sql.Column { name = "id", type = "INTEGER", primary_key = true, auto_increment = true },
	sql.Column { name = "title", type = "MEDIUMTEXT", nullable = false },
	sql.Index { name = "by_title", unique = true, "title" },
}
show(books, sql.is_table(books), sql.is_column(books.c.title), sql.is_index(books), books.c[2].name)
show(engine:transaction(function () return (books:create(engine) and true), "second", "third", "fourth" end))
show(engine:transaction(function ()
	local result = engine:insert("INSERT INTO \"books\" (\"title\") VALUES (?)", "Emma")
	engine:insert("INSERT INTO \"books\" (\"title\") VALUES (?)", "Persuasion")
	return result:affected()
end))
local function titles()
	local all = {}
	engine:transaction(function ()
		for row in engine:select("SELECT \"id\", \"title\" FROM \"books\" ORDER BY \"id\"") do
			all[#all + 1] = row[1] .. row[2]
		end
	end)
	return table.concat(all, ",")
end
show(titles())
show(engine:transaction(function ()
	engine:delete("DELETE FROM \"books\"")
	error("second thoughts", 0)
end))
show(titles())
local ok, why_not = engine:transaction(function () engine:insert("INSERT INTO \"books\" (\"title\") VALUES (?)", "Emma") end)
show(ok, (why_not:gsub("^[^:]*:%d+: ", "")))
show((engine:transaction(function () engine:update("nonsense") end)), titles())
show((engine:execute("SELECT nothing FROM nowhere")))
local nowhere = sql:create_engine({ driver = "SQLite3", database = "/nonexistent/file" })
show(nowhere:connect())
show(nowhere:transaction(function () end))
