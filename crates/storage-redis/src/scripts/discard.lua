-- Forgets dead letters.
if not last then return 0 end
local places, heads = {}, {}
for n = 3, #ARGV do
  local pos = tonumber(call('HGET', J, ARGV[n]))
  if pos then
    call('HDEL', J, ARGV[n])
    places[#places + 1], heads[pos] = pos, read(pos)
  end
end
many('ZREM', D, places)
many('ZREM', Y, places)
leave(places, heads)
if call('EXISTS', D) == 0 then call('ZREM', SL, queue) end
return #places
