-- Those that claims have left free and nobody has looked at: position, head and state of each, and whether there are more.
local function ended(most)
  local found, stale = {}, {}
  local places = call('ZRANGE', E, 0, most - 1)
  for _, pos in ipairs(places) do
    pos = tonumber(pos)
    local head = read(pos)
    local s = head and state(call('HGET', S, pos), head)
    if not s or not is_visible(pos, s) then
      stale[#stale + 1] = pos
    elseif s.till <= now then
      found[#found + 1] = {pos, head, s}
    end
  end
  many('ZREM', E, stale)
  return found, #places == most
end

-- Says when there is something to look at next.
local function note()
  local next = call('EXISTS', E) == 1 and 0 or tonumber(call('ZRANGE', C, 0, 0, 'WITHSCORES')[2])
  if next then call('ZADD', SC, next, queue) else call('ZREM', SC, queue) end
end
