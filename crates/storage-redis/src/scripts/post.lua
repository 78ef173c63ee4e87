-- Appends messages. Returns the first position and whether subscribers are owed them; nothing, if the queue was dropped.
local call = redis.call
local I, M, X, S, W, P, SH, SD = unpack(KEYS)
local now, queue, destination, keep, count, soonest = unpack(ARGV, 1, 6)
-- Of a queue that was dropped this is no number.
local last = redis.pcall('HINCRBY', I, 'last', count)
if type(last) == 'table' then return false end
local first = last - count + 1
local owed = call('HGET', I, 'subscribed')
local before = call('SET', P, first, 'NX', 'GET', 'EX', keep)
if before then return {tonumber(before), 0} end
if first == 1 then call('HSET', I, 'destination', destination) end
now = tonumber(now)
local expiries, at = {}, 7
for pos = first, last do
  local head = ARGV[at]
  call('XADD', M, '0-' .. pos, 'h', head, 'b', ARGV[at + 1])
  local expires, delayed, _, ttl = struct.unpack('<dddI4', head)
  if delayed > now then
    call('HSET', S, pos, struct.pack('<BddI4I4c16dI4', 0, expires, delayed, ttl, 0, ('\0'):rep(16), 0, 0))
    call('ZADD', W, delayed, pos)
  end
  expiries[#expiries + 1], expiries[#expiries + 2] = expires, pos
  if #expiries == 4000 then
    call('ZADD', X, unpack(expiries))
    expiries = {}
  end
  at = at + 2
end
if #expiries > 0 then call('ZADD', X, unpack(expiries)) end
call('ZADD', SH, 'LT', soonest, queue)
if owed then call('ZADD', SD, 0, queue) end
return {first, owed and 1 or 0}
