-- Removes a flavor: 0 done, 1 a pool belongs to it.
local name = ARGV[1]
if of(G, name, 1)[1] then return 1 end
call('HDEL', F, name)
call('ZREM', E, name)
return 0
