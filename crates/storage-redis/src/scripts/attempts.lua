-- Returns whether there is more to settle first, and the attempts that are asked for.
if not is_live then return {0} end
if settle() then return {1} end
local below, message, ending, since, limit = tonumber(ARGV[6]), ARGV[7], tonumber(ARGV[8]), tonumber(ARGV[9]), tonumber(ARGV[10])
local kept_since = now - tonumber(ARGV[11])
local answer = {0}
for from = 0, 900, 100 do
  local attempts = call('LRANGE', A, from, from + 99)
  for _, raw in ipairs(attempts) do
    local number, about, at, ends = upk('<dc16dB', raw)
    if #answer <= limit and number < below and (message == '' or about == message) and (ending < 0 or ends == ending)
      and at >= since and at > kept_since then
      answer[#answer + 1] = raw
    end
  end
  if #attempts < 100 or #answer > limit then break end
end
return answer
