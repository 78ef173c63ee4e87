if is_elsewhere then return redis.error_reply('ELSEWHERE the queue lives in another store') end
