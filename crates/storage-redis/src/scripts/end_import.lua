-- More may come, or the queue is complete.
local refused = not_arriving(ARGV[3])
if refused then return refused end
if ARGV[4] == '1' then call('HSET', I, 'transit', 'c') end
return 0
