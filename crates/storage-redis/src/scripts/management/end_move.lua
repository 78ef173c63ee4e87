-- Forgets a move if it is this one: 1 none is noted, 0 another is. Behind the record stand the pools that it needs.
local queue, record = ARGV[1], ARGV[2]
local current = call('HGET', M, queue)
if current and current ~= record then return 0 end
call('HDEL', M, queue)
call('HDEL', O, queue)
call('ZREM', V, queue)
for at = 3, #ARGV do call('ZREM', W, both(ARGV[at], queue)) end
return 1
