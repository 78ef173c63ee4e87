-- Returns whether there is more to free first, and the destination if ended claims have left something there.
if is_elsewhere or not last then
  call('ZREM', SC, queue)
  return {0}
end
if promote() then return {1} end
local found, more = ended(100)
note()
if #found > 0 then return {0, call('HGET', I, 'destination')} end
return {more and 1 or 0}
