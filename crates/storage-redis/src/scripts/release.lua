-- What the claim holds is free at once.
if not last then return 0 end
local places, states = held(KEYS[22], ARGV[3])
if #places == 0 then return 0 end
local changes = {}
for at, pos in ipairs(places) do
  local s = states[at]
  s.claim, s.till = NONE, 0
  changes[#changes + 1], changes[#changes + 2] = pos, packed(s)
end
many('HSET', S, changes)
many('ZREM', C, places)
local free = scored(places)
many('ZADD', B, free)
many('ZADD', E, free)
call('UNLINK', KEYS[22])
call('ZADD', SC, 'LT', 0, queue)
return #places
