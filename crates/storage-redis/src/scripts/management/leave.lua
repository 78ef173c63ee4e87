-- Takes a queue out of its pool: 0 done, 1 it is not in it.
local queue, from, last = unpack(ARGV, 1, 3)
local current = call('HGET', A, queue)
if not current and call('HGET', L, queue) == last then return 0 end
if current ~= from then return 1 end
reassign(queue, current, '')
call('HSET', L, queue, last)
return 0
