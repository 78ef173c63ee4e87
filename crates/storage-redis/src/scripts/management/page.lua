-- A page of an index, with what a hash has of each: the name, from `cut` on, and the record.
local first, last, most, cut = unpack(ARGV, 1, 4)
local found = {}
for _, member in ipairs(redis.call('ZRANGEBYLEX', KEYS[1], first, last, 'LIMIT', 0, most)) do
  local name = member:sub(cut + 1)
  found[#found + 1] = name
  found[#found + 1] = redis.call('HGET', KEYS[2], name)
end
return found
