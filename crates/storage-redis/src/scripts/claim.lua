-- Returns whether there is more to free first, how many dead letters there are, position and head of each, and position,
-- head, state and body of what is claimed.
local id, limit, most, till, ttl, longer, lives, keep = unpack(ARGV, 3, 10)
if not last then return {0, 0} end
local key = KEYS[22]
local answer = {0, 0}
local function add(pos, head, raw, body)
  answer[#answer + 1] = pos
  answer[#answer + 1] = head
  answer[#answer + 1] = raw
  answer[#answer + 1] = body
end
local places, states = held(key, id)
if #places > 0 then
  for at, pos in ipairs(places) do
    local head, body = read(pos)
    add(pos, head, packed(states[at]), body)
  end
  return answer
end
if promote() then return {1, 0} end
limit, most, till, lives = tonumber(limit), tonumber(most), tonumber(till), tonumber(lives)

-- What was given back and what was never taken, both in the order of posting.
local chunk = math.min(limit + 1, 100)
local returned, r, behind = {}, 1, 0
local fresh, states_of, f, head_at = {}, {}, 1, math.max(tonumber(known[3]) or 0, purged)
local reached = head_at
local function next_returned()
  if r > #returned then
    returned, r = call('ZRANGEBYSCORE', B, '(' .. behind, '+inf', 'LIMIT', 0, chunk), 1
  end
  return tonumber(returned[r])
end
local function next_fresh()
  if f > #fresh then
    fresh, f = call('XRANGE', M, '(0-' .. reached, '+', 'COUNT', chunk), 1
    local positions = {}
    for n, entry in ipairs(fresh) do positions[n] = position(entry) end
    states_of = values('HMGET', S, positions)
  end
  return fresh[f] and position(fresh[f])
end

local dead, taken, given_back, steps = 0, {}, {}, 0
while #taken < limit and steps < 1000 do
  local one, other = next_returned(), next_fresh()
  if not one and not other then break end
  local pos, head, body, s
  if one and (not other or one < other) then
    pos, r, behind = one, r + 1, one
    head, body = read(pos)
    s = head and state(call('HGET', S, pos), head)
    if not s or not is_visible(pos, s) then
      given_back[#given_back + 1] = pos
      s = nil
    elseif s.till > now then
      s = nil
    end
  else
    pos, head, body = other, fresh[f][2][2], fresh[f][2][4]
    -- One that has a state is where that says.
    s = not states_of[f] and state(nil, head) or nil
    if s and not is_visible(pos, s) then s = nil end
    f, reached, head_at = f + 1, pos, pos
  end
  if not s then
    steps = steps + 1
  elseif s.count >= most then
    steps = steps + 1
    dead = dead + 1
    set_aside(pos, head, s)
    answer[#answer + 1] = pos
    answer[#answer + 1] = head
  else
    taken[#taken + 1] = {pos, head, body, s, one == pos}
  end
end
answer[2] = dead
-- Whoever gets nothing because there was too much to pass over goes on from there.
if steps >= 1000 and #taken == 0 then answer[1] = 1 end

local changes, ends, expiries, names = {}, {}, {}, {}
for at, one in ipairs(taken) do
  local pos, s = one[1], one[4]
  if s.expires < till and lives >= 0 then
    s.ttl, s.expires = tonumber(longer), lives
    expiries[#expiries + 1], expiries[#expiries + 2] = s.expires, pos
  end
  s.claim, s.count, s.renewed, s.claim_ttl = id, s.count + 1, now, tonumber(ttl)
  s.till = math.min(till, s.expires)
  local raw = packed(s)
  changes[#changes + 1], changes[#changes + 2] = pos, raw
  ends[#ends + 1], ends[#ends + 2] = s.till, pos
  if one[5] then given_back[#given_back + 1] = pos end
  names[at] = pos
  add(pos, one[2], raw, one[3])
end
many('HSET', S, changes)
many('ZADD', C, ends)
many('ZADD', X, expiries)
if #given_back > 0 then
  many('ZREM', B, given_back)
  many('ZREM', E, given_back)
end
if head_at > (tonumber(known[3]) or 0) then call('HSET', I, 'head', head_at) end
if #names > 0 then
  call('SET', key, table.concat(names, ' '), 'EX', keep)
  call('ZADD', SC, 'LT', till, queue)
end
return answer
