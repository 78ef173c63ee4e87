-- Gives some space back. Returns 0; -1 if the queue was dropped and its subscriptions are still to be removed.
if is_dropped then return -1 end
if is_elsewhere or not last then
  call('ZREM', SH, queue)
  return 0
end
local before, keep = tonumber(ARGV[3]), tonumber(ARGV[4]) * 1000
local NE, P, Q = unpack(KEYS, 22, 24)
local SOME = 300
local old = call('ZRANGEBYSCORE', X, '-inf', before, 'LIMIT', 0, SOME)
leave(old, {})
local purged_ones = call('ZRANGE', G, 0, SOME - 1)
if #purged_ones > 0 then
  -- Those that became dead letters meanwhile are no longer there.
  call('ZREM', G, unpack(purged_ones))
  leave(purged_ones, {})
end
local letters, heads = call('ZRANGEBYSCORE', Y, '-inf', before, 'LIMIT', 0, SOME), {}
for _, pos in ipairs(letters) do
  local head = read(pos)
  heads[tonumber(pos)] = head
  if head then call('HDEL', J, id_of(tonumber(pos), head)) end
end
if #letters > 0 then
  call('ZREM', Y, unpack(letters))
  call('ZREM', D, unpack(letters))
  leave(letters, heads)
  if call('EXISTS', D) == 0 then call('ZREM', SL, queue) end
end
promote()

-- Of those that are retained for subscribers, some, in turn.
local from = call('HGET', I, 'swept') or '0'
local retained = call('ZRANGEBYSCORE', T, '(' .. from, '+inf', 'LIMIT', 0, SOME)
if #retained > 0 then
  local keep, gone, of = needed(retained, {}), {}, {}
  for at, pos in ipairs(retained) do
    local head = read(pos)
    local lives = head and state(call('HGET', S, pos), head).expires + 86400000 > before
    if not head or not keep[at] or not (lives or call('HEXISTS', K, pos) == 1) then
      gone[#gone + 1], of[tonumber(pos)] = pos, head
    end
  end
  remove(gone, of)
  many('ZREM', T, gone)
  call('HSET', I, 'swept', #retained == SOME and retained[SOME] or 0)
elseif from ~= '0' then
  call('HDEL', I, 'swept')
end

-- Batches that are old enough.
local since = tonumber(call('HGET', I, 'since'))
if since and since + 2 * keep <= before then
  call('UNLINK', P, Q)
  call('HDEL', I, 'since')
  since = nil
end

local next
local function at_least(moment)
  if moment then next = math.min(next or moment, moment) end
end
at_least(tonumber(call('ZRANGE', X, 0, 0, 'WITHSCORES')[2]))
at_least(tonumber(call('ZRANGE', Y, 0, 0, 'WITHSCORES')[2]))
at_least(tonumber(call('ZRANGE', NE, 0, 0, 'WITHSCORES')[2]))
if call('EXISTS', G) == 1 then at_least(0) end
if call('EXISTS', T) == 1 then at_least(before + 1000) end
if since then at_least(since + 2 * keep) end
if next then
  call('ZADD', SH, next, queue)
  call('HSET', I, 'house', next)
else
  call('ZREM', SH, queue)
  call('HDEL', I, 'house')
end
return 0
