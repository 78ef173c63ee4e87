-- From now on the queue is refused.
if not is_exported_by(ARGV[3]) then return NOT_BEGUN end
call('HSET', I, 'transit', 's')
out_of_indexes()
return 0
