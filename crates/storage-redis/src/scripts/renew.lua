-- Returns how many messages the claim still holds.
if not last then return 0 end
local id, till, ttl, longer, lives, keep = unpack(ARGV, 3, 8)
till, lives = tonumber(till), tonumber(lives)
local places, states = held(KEYS[22], id)
local changes, ends, expiries = {}, {}, {}
for at, pos in ipairs(places) do
  local s = states[at]
  if s.expires < till then
    s.ttl, s.expires = tonumber(longer), lives
    expiries[#expiries + 1], expiries[#expiries + 2] = s.expires, pos
  end
  s.till, s.renewed, s.claim_ttl = till, now, tonumber(ttl)
  changes[#changes + 1], changes[#changes + 2] = pos, packed(s)
  ends[#ends + 1], ends[#ends + 2] = till, pos
end
many('HSET', S, changes)
many('ZADD', C, ends)
many('ZADD', X, expiries)
if #places > 0 then
  call('EXPIRE', KEYS[22], keep)
  call('ZADD', SC, 'LT', till, queue)
end
return #places
