-- Takes a move for some time: nothing if there is none, empty if another has it, or its record.
local queue, owner, till, now = unpack(ARGV, 1, 4)
local record = call('HGET', M, queue)
if not record then return false end
local held = call('HGET', O, queue)
if held and held:sub(1, 16) ~= owner and tonumber(held:sub(17)) > tonumber(now) then return '' end
call('HSET', O, queue, owner .. till)
return record
