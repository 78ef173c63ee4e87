-- Registers a pool, or puts it in place of what was seen: 0 done, 1 it was changed, 2 another has its URI.
local name, record, seen, uri, seen_uri, flavor, seen_flavor = unpack(ARGV, 1, 7)
local current = call('HGET', P, name)
if current == record then return 0 end
if (current or '') ~= seen then return 1 end
local holder = call('HGET', U, uri)
if holder and holder ~= name then return 2 end
if current then
  call('HDEL', U, seen_uri)
  call('ZREM', G, both(seen_flavor, name))
end
call('HSET', P, name, record)
call('ZADD', N, 0, name)
call('HSET', U, uri, name)
call('ZADD', G, 0, both(flavor, name))
return 0
