-- Something was posted to a queue: all subscriptions that are notified are to be looked at.
call('ZREM', SD, queue)
if is_elsewhere then return 0 end
for _, id in ipairs(call('ZRANGE', O, 0, -1)) do
  call('ZADD', SD, 0, queue .. (id:gsub('.', function(c) return ('%02x'):format(c:byte()) end)))
end
return 1
