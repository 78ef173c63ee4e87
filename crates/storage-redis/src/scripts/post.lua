-- Appends messages. Returns the first position and whether subscribers are owed them; nothing, if the queue was dropped.
--
-- P holds the batches of some minutes, to the first position and how many there are, and Q those of some minutes before. Of
-- one that another store took, all ids are kept.
local call = redis.call
local I, M, X, S, W, P, Q, CH, SH, SD = unpack(KEYS)
local now, queue, destination, keep, count, soonest, batch = unpack(ARGV, 1, 7)
now = tonumber(now)
local last, owed, since, house, transit = unpack(call('HMGET', I, 'last', 'subscribed', 'since', 'house', 'transit'))
if transit and transit ~= 'e' then return redis.error_reply('ELSEWHERE the queue lives in another store') end
if not last then
  last = 0
  call('HSET', I, 'destination', destination)
elseif not tonumber(last) then
  return false
end
if not since or now - since >= keep * 1000 then
  -- What is overwritten is freed at once, what is unlinked by and by.
  call('UNLINK', Q)
  if call('EXISTS', P) == 1 then call('RENAME', P, Q) end
  call('HSET', I, 'since', now)
end
local first = last + 1
last = last + count
local function known_as(value) return tonumber(value:match('^%d+')) or value end
if call('HSETNX', P, batch, first .. ' ' .. count) == 0 then return {known_as(call('HGET', P, batch)), 0} end
local before = call('HGET', Q, batch)
if before then
  call('HDEL', P, batch)
  return {known_as(before), 0}
end
call('HSET', I, 'last', last)
if transit and call('HEXISTS', I, 'batches') == 1 then call('ZADD', CH, 0, '5' .. batch) end
local expiries, at = {}, 8
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
-- Housekeeping comes no later than that.
soonest = math.min(soonest, now + 2 * keep * 1000)
if not house or soonest < tonumber(house) then
  call('ZADD', SH, 'LT', soonest, queue)
  call('HSET', I, 'house', soonest)
end
if owed then call('ZADD', SD, 0, queue) end
return {first, owed and 1 or 0}
