-- Assigns a queue to where its move leads, if it is noted like this: 1 it is there, 0 it is not.
local queue, record, from, to = unpack(ARGV, 1, 4)
if call('HGET', M, queue) ~= record then return 0 end
local current = call('HGET', A, queue) or ''
if current == from then
  reassign(queue, current, to)
  current = to
end
return current == to and 1 or 0
