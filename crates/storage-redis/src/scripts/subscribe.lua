-- Stores a subscription: 0 done or there already, 1 its subscriber has another, 2 the queue was dropped, 3 it has expired
-- and is to be forgotten first.
local destination, record, subscriber, ends, notified, delay, suspended = unpack(ARGV, 6, 12)
if is_dropped then return 2 end
if is_live then return 0 end
if own[1] then return 3 end
local other = call('HGET', VS, subscriber)
if other and upk('<d', other) > now then return 1 end
if not last then
  last = 0
  call('HSET', I, 'last', 0, 'destination', destination)
end
call('HSET', Z, 'record', record, 'subscriber', subscriber, 'ends', ends, 'notified', notified, 'delay', delay, 'suspended', suspended)
call('ZADD', U, 0, id)
call('ZADD', NE, ends, id)
call('HSET', VS, subscriber, pk('<d', tonumber(ends)) .. id)
call('ZADD', SH, 'LT', ends, queue)
if notified == '1' then
  call('ZADD', O, last, id)
  call('HSET', I, 'subscribed', 1)
end
return 0
