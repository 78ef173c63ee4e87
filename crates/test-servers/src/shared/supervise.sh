# Starts a server and ends it once nobody has used it for a while.
#
# Arguments: the seconds of that while; a file that everybody who uses the server holds a shared lock on; the signal that
# ends the server; its directory, which is removed afterwards; then the server's command. The standard input is what says
# that the directory has an owner.
linger=$1 users=$2 signal=$3 directory=$4
shift 4

# Killed when this shell is.
"$@" </dev/null &
server=$!

exec 9>>"$users"
{
    while flock --exclusive 9; do
        flock --unlock 9
        sleep "$linger"
        # The lock is kept until the server is gone: who comes now waits, and then starts a new one.
        flock --exclusive --nonblock 9 && break
    done
    # Only while it is this shell's: its number may be another's by now.
    [ "$(cut -d ' ' -f 4 "/proc/$server/stat")" = $$ ] && kill "-$signal" "$server"
} &
watcher=$!

wait "$server"
kill "$watcher" 2>/dev/null
rm -rf "$directory"
