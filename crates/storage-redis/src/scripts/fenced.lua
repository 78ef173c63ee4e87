-- Asks the same of some keys of a queue, unless it lives elsewhere. Returns where the queue ends, and the answers.
local known = redis.call('HMGET', KEYS[1], 'last', 'transit')
if known[2] and known[2] ~= 'e' then return redis.error_reply('ELSEWHERE the queue lives in another store') end
local answers = {known[1]}
for n = 2, #KEYS do answers[n] = redis.call(ARGV[1], KEYS[n], unpack(ARGV, 2)) end
return answers
