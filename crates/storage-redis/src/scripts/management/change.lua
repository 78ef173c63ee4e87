-- Replaces a queue's record, which begins with number and revision: 0 done, 1 it was changed, 2 it is gone.
local name, seen, record = unpack(ARGV, 1, 3)
local current = call('HGET', Q, name)
if not current or current:sub(1, 8) ~= seen:sub(1, 8) then return 2 end
if current:sub(1, 16) ~= seen then return 1 end
call('HSET', Q, name, record)
return 0
