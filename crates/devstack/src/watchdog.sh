# Ends the servers when their owner is gone, however it went: it reads orders from a pipe that only the owner
# holds open, and the pipe's end is the owner's end. Lines in: add PID SIGNAL, drop PID, remove FOLDER, share FOLDER.
trap '' INT TERM HUP

servers='' folders='' shared=''
newline='
'
while read -r verb rest; do
    case $verb in
        add) servers="$servers ${rest% *}:${rest#* }" ;;
        drop)
            kept=''
            for server in $servers; do [ "${server%%:*}" = "$rest" ] || kept="$kept $server"; done
            servers=$kept
            ;;
        remove) folders="$folders$rest$newline" ;;
        share) shared=$rest ;;
    esac
done

# Shared servers outlive the process that started them: until nobody has held the users' lock for ten seconds.
if [ -n "$shared" ]; then
    while :; do
        idle=0
        while [ "$idle" -lt 20 ]; do
            sleep 0.5
            if flock --exclusive --nonblock "$shared/users.lock" true; then idle=$((idle + 1)); else idle=0; fi
        done
        exec 9>"$shared/start.lock"
        flock --exclusive 9
        flock --exclusive --nonblock "$shared/users.lock" true && break
        exec 9>&-
    done
    rm -f "$shared/servers.json"
fi

# A dead server that its parent has not reaped yet counts as gone, and so does a number that another program has now.
running() {
    kill -0 "$1" 2>/dev/null || return 1
    grep -q '^State:[[:space:]]*Z' "/proc/$1/status" 2>/dev/null && return 1
    case $(cat "/proc/$1/comm" 2>/dev/null) in
        *postgres* | *nats-server* | *redis* | *valkey*) return 0 ;;
        *) return 1 ;;
    esac
}

for server in $servers; do
    running "${server%%:*}" && kill -s "${server#*:}" "${server%%:*}"
done
tries=0
for server in $servers; do
    while running "${server%%:*}" && [ "$tries" -lt 80 ]; do
        sleep 0.1
        tries=$((tries + 1))
    done
    running "${server%%:*}" && kill -s KILL "${server%%:*}"
done

printf '%s' "$folders" | while IFS= read -r folder; do rm -rf "$folder"; done
