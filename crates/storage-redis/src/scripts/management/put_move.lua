-- Notes a move, or puts it in place of what was seen: 0 done, 1 it was changed, 2 a pool is not there. Behind the records
-- stand the pools that it needs, how many they are before them, and those of what was seen.
local queue, record, seen, count = unpack(ARGV, 1, 4)
local last = 4 + count
for at = 5, last do
  if call('HEXISTS', P, ARGV[at]) == 0 then return 2 end
end
local current = call('HGET', M, queue)
if current == record then return 0 end
if (current or '') ~= seen then return 1 end
for at = last + 1, #ARGV do call('ZREM', W, both(ARGV[at], queue)) end
for at = 5, last do call('ZADD', W, 0, both(ARGV[at], queue)) end
call('HSET', M, queue, record)
call('ZADD', V, 0, queue)
return 0
