-- Removes a queue, and answers what it was.
local name = ARGV[1]
local current = call('HGET', Q, name)
if not current then return false end
call('HDEL', Q, name)
call('ZREM', R, name)
call('HDEL', D, current:sub(1, 8))
return current
