-- One that lives elsewhere stays known as that.
let_go(ARGV[3], ARGV[4], is_elsewhere)
return 1
