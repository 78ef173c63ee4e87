-- Messages leave the queue; those that subscribers are owed stay for them.
local function needed(places, heads)
  local low = tonumber(call('ZRANGE', O, 0, 0, 'WITHSCORES')[2])
  local keep = {}
  if not low then return keep end
  for at, count in ipairs(values('HMGET', K, places)) do
    local pos = tonumber(places[at])
    keep[at] = count or (low < pos and not has(heads[pos] or read(pos) or ('\0'):rep(33), UNOWED))
  end
  return keep
end

local function remove(gone, heads)
  if #gone == 0 then return end
  if call('EXISTS', F) == 1 then
    for _, pos in ipairs(gone) do
      local head = heads[tonumber(pos)] or read(pos)
      if head and has(head, FOREIGN) and tonumber(call('HGET', F, head:sub(34, 49))) == tonumber(pos) then
        call('HDEL', F, head:sub(34, 49))
      end
    end
  end
  local entries = {}
  for at, pos in ipairs(gone) do entries[at] = '0-' .. pos end
  many('XDEL', M, entries)
  many('HDEL', S, gone)
end

local function leave(places, heads)
  if #places == 0 then return end
  for _, key in ipairs({X, B, C, W, E}) do many('ZREM', key, places) end
  local keep, gone, states, retained = needed(places, heads), {}, {}, {}
  for at, pos in ipairs(places) do
    local head = keep[at] and (heads[tonumber(pos)] or read(pos))
    if head then
      local s = state(call('HGET', S, pos), head)
      s.kind, s.claim = RETAINED, NONE
      states[#states + 1], states[#states + 2] = pos, packed(s)
      retained[#retained + 1] = pos
    else
      gone[#gone + 1] = pos
    end
  end
  remove(gone, heads)
  many('HSET', S, states)
  many('ZADD', T, scored(retained))
  if #retained > 0 then call('ZADD', SH, 'LT', now, queue) end
end
