-- Returns whether there is more to look at, and position and head of what has become a dead letter.
if not last then return {0} end
local most = tonumber(ARGV[3])
if promote() then return {1} end
local found, more = ended(500)
local answer, seen = {more and 1 or 0}, {}
for _, one in ipairs(found) do
  local pos, head, s = unpack(one)
  if s.count >= most then
    set_aside(pos, head, s)
    answer[#answer + 1] = pos
    answer[#answer + 1] = head
  else
    seen[#seen + 1] = pos
  end
end
many('ZREM', E, seen)
note()
return answer
