-- A subscription takes the place of what is known of it. How far it has come is told at the end.
local refused = not_arriving(ARGV[6])
if refused then return refused end
local record, subscriber, ends, notified, delay, suspended = unpack(ARGV, 7, 12)
local before = call('HGET', Z, 'subscriber')
if before and before ~= subscriber then
  local other = call('HGET', VS, before)
  if other and other:sub(9) == id then call('HDEL', VS, before) end
end
call('HSET', Z, 'record', record, 'subscriber', subscriber, 'ends', ends, 'notified', notified, 'delay', delay, 'suspended', suspended)
call('ZADD', U, 0, id)
call('ZADD', NE, ends, id)
call('HSET', VS, subscriber, pk('<d', tonumber(ends)) .. id)
if notified == '1' then call('ZADD', O, 'NX', 0, id) else call('ZREM', O, id) end
return 0
