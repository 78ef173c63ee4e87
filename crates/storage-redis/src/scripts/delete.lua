-- Returns what became of it, as `deleting.rs` reads it.
if not last then return 0 end
local guard, claims = ARGV[3], {}
local first = 5 + tonumber(ARGV[4])
for n = 5, first - 1 do claims[ARGV[n]] = KEYS[17 + n] end

local function is_alive(id, key)
  for pos in (call('GET', key) or ''):gmatch('%d+') do
    pos = tonumber(pos)
    local raw = call('HGET', S, pos)
    local s = raw and state(raw)
    if s and is_visible(pos, s) and s.claim == id and s.till > now then return true end
  end
end

local function forbidden(s)
  local held = is_claimed(s)
  if guard == 'any' then return end
  if guard == 'unclaimed' then return held and 1 or nil end
  if claims[s.claim] then return end
  if not held then return 2 end
  for id, key in pairs(claims) do
    if is_alive(id, key) then return 3 end
  end
  return 4
end

local places, heads = {}, {}
for n = first, #ARGV do
  local pos, head, _, s = find(ARGV[n])
  if pos and not heads[pos] then
    local why = forbidden(s)
    if why then return why end
    places[#places + 1], heads[pos] = pos, head
  end
end
leave(places, heads)
return 0
