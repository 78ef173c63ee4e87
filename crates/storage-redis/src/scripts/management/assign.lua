-- Assigns a queue to a pool if it is assigned to the expected one, and answers what holds. Nothing: there is no such pool.
local queue, expected, to = unpack(ARGV, 1, 3)
local current = call('HGET', A, queue) or ''
if current ~= expected then return current end
if to ~= '' and call('HEXISTS', P, to) == 0 then return false end
reassign(queue, current, to)
return to
