-- Makes a queue: 0 there is one, with its record; 1 there is another with this number; 2 done.
local name, number, record, destination = unpack(ARGV, 1, 4)
local current = call('HGET', Q, name)
if current then return {0, current} end
if call('HSETNX', D, number, destination) == 0 then return {1} end
call('HSET', Q, name, record)
call('ZADD', R, 0, name)
return {2}
