-- Registers a flavor, or puts it in place of what was seen: 0 done, 1 it was changed.
local name, record, seen = unpack(ARGV, 1, 3)
local current = call('HGET', F, name)
if current == record then return 0 end
if (current or '') ~= seen then return 1 end
call('HSET', F, name, record)
call('ZADD', E, 0, name)
return 0
