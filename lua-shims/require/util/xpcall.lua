-- Counterpart: util/xpcall.lua

return { xpcall = xpcall }
