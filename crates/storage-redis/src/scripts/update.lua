-- Changes a subscription that still is as it was seen: 0 done, 1 the subscriber has another, 2 it is not as it was seen,
-- 3 what it was owed is to be forgotten first, 4 there is more to settle first.
local seen, record, before, subscriber, ends, notified, delay, suspended, resumes = unpack(ARGV, 6, 14)
if not is_live or call('HGET', Z, 'record') ~= seen then return 2 end
if notified == '1' and own[2] ~= '1' and call('EXISTS', N) == 1 then return 3 end
if own[7] and settle() then return 4 end
if subscriber ~= before then
  local other = call('HGET', VS, subscriber)
  if other and other:sub(9) ~= id and upk('<d', other) > now then return 1 end
  call('HDEL', VS, before)
end
call('HSET', Z, 'record', record, 'subscriber', subscriber, 'ends', ends, 'notified', notified, 'delay', delay, 'suspended', suspended)
call('ZADD', NE, ends, id)
call('HSET', VS, subscriber, pk('<d', tonumber(ends)) .. id)
call('ZADD', SH, 'LT', ends, queue)
if notified == '1' and own[2] ~= '1' then
  call('ZADD', O, last, id)
  call('HSET', I, 'subscribed', 1)
elseif notified ~= '1' then
  call('ZREM', O, id)
  call('ZREM', SD, member)
end
if resumes == '1' or notified ~= '1' then call('HDEL', Z, 'paused', 'retries') end
if resumes == '1' then
  for k = 1, 2 do
    if call('EXISTS', RW[k]) == 1 then call('RENAME', RW[k], RH[k]) end
  end
  call('HSET', Z, 'hastens', 1)
end
is_notified = notified == '1'
touch()
return 0
