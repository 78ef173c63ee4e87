-- Forgets some of what a subscription is owed, and with `all` or, if its time is over, with `ended` the subscription itself.
-- Returns whether there is more.
local all = ARGV[6] ~= 'owed'
if ARGV[6] == 'ended' and own[1] and tonumber(own[1]) > now then return 0 end
if all and own[1] then
  call('HSET', Z, 'ends', 0)
  call('ZREM', O, id)
  call('ZREM', SD, member)
  local subscriber = call('HGET', Z, 'subscriber')
  local other = call('HGET', VS, subscriber)
  if other and other:sub(9) == id then call('HDEL', VS, subscriber) end
  call('ZADD', NE, 0, id)
  call('ZADD', SH, 'LT', 0, queue)
end
for n, pos in ipairs(call('HSCAN', N, 0, 'COUNT', 200)[2]) do
  if n % 2 == 1 then drop(tonumber(pos), record_of(pos)) end
end
if call('EXISTS', N) == 1 then return 1 end
call('UNLINK', R[1], R[2], RX[1], RX[2], RW[1], RW[2], RL[1], RL[2], RE[1], RE[2], RH[1], RH[2], LATE, V, GF, GE)
if all then
  call('UNLINK', Z, A)
  call('ZREM', U, id)
  call('ZREM', NE, id)
end
return 0
