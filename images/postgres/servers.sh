# Servers for single slots beside the first one, on copies of its data: bash servers.sh COMMAND ...
#
#     keep                   copy the first server's data, which is quiet, for those that follow
#     start NAME PORT ...    start servers, at once, each on a copy of what was kept; done when all of them answer
#     restart NAME PORT      end a server, and start it on a new copy
#     again                  end the first server, which start.sh starts on a new copy
#
# The first server runs it (COPY ... TO PROGRAM): the runner needs no call of the engine, and a refusal is an error
# of Postgres. Environment: EPHEMERAL_RUNNER_PARENT (the folder of all data), EPHEMERAL_RUNNER_LOG, from start.sh.
set -eu
parent=$EPHEMERAL_RUNNER_PARENT
first=$(head -n 1 "$parent/data/postmaster.pid")
patience=3000 # Looks, 10 ms apart.

keep() {
    rm -rf "$parent/origin"
    cp -r "$parent/data" "$parent/origin"
    rm -f "$parent"/origin/postmaster.*
}

# Copies the data, and starts a server on it with the options of the first one; waits until it answers.
start() {
    local folder=$parent/$1 port=$2 options server look
    mkdir -p "$folder"
    cp -r "$parent/origin" "$folder/data"
    mapfile -d '' -t options < "/proc/$first/cmdline"
    [ -z "${EPHEMERAL_RUNNER_LOG:-}" ] || exec 2>> "$folder/server.log"
    setsid "${options[@]}" -D "$folder/data" -p "$port" < /dev/null > /dev/null &
    server=$!
    for ((look = 0; look < patience; look++)); do
        ! grep -qs ready "$folder/data/postmaster.pid" || return 0
        kill -0 "$server" 2> /dev/null || return 1
        sleep 0.01
    done
    return 1
}

# Ends a server at once; its data is of no use to anybody.
end() {
    local folder=$parent/$1 server look
    # A server that a test has stopped has left its data, but no such file.
    server=$(head -n 1 "$folder/data/postmaster.pid" 2> /dev/null || true)
    [ -z "$server" ] || kill -QUIT "$server" 2> /dev/null || true
    for ((look = 0; look < patience; look++)); do
        [ -n "$server" ] && [ -e "/proc/$server/stat" ] || break
        [ "$look" -lt 100 ] || kill -KILL "-$server" 2> /dev/null || true
        sleep 0.01
    done
    rm -rf "$folder/data"
}

command=$1
shift
case $command in
    keep) keep ;;
    start)
        while [ $# -gt 0 ]; do
            start "$1" "$2" &
            started+=($!)
            shift 2
        done
        for each in "${started[@]}"; do wait "$each"; done
        ;;
    restart)
        end "$1"
        start "$@"
        ;;
    again)
        : > "$parent/again"
        kill -QUIT "$first"
        sleep 10
        ;;
esac
