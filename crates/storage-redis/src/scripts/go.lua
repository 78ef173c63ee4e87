-- Lets go of a queue that lives elsewhere. One that was dropped for good stays as it is.
if is_overtaken(ARGV[3]) then return OVERTAKEN end
if is_dropped and not is_elsewhere then return 0 end
let_go(ARGV[4], ARGV[5], true, ARGV[3])
return 0
