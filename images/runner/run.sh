#!/bin/sh
# Runs the runner in a container of its own image, on the project of the current folder; needs sh and docker only.
#
#     sh images/runner/run.sh IMAGE [ARGS ...]
#
# IMAGE is a name, or a file of build.sh that holds one: then the image is built again where the engine lost it.
# As if the runner were installed here: same folder and repository at the same path, same environment, results with the
# same owner, and the same exit code. However this ends, so does the container, and what it made on the engine.
set -u
image=$1
shift
if [ -f "$image" ]; then
    read -r name <"$image"
    docker image inspect "$name" >/dev/null 2>&1 || {
        sh "${0%/*}/build.sh" "$image" || exit
        read -r name <"$image"
    }
    image=$name
fi

# The repository around the folder, which tells what its sources are.
top=$PWD
while [ ! -e "$top/.git" ] && [ -n "$top" ]; do top=${top%/*}; done
[ -n "$top" ] || top=$PWD

# The engine: what `docker` itself talks to.
engine=${DOCKER_HOST:-$(docker context inspect --format '{{.Endpoints.docker.Host}}')}
case $engine in
    # Desktop products keep a socket in the home folder, which their machine for containers knows by the usual path.
    unix://*/.docker/*) socket=/var/run/docker.sock ;;
    unix://*) socket=${engine#unix://} ;;
    *) socket=/var/run/docker.sock ;;
esac
case $engine in
    unix://*) is_near=yes ;;
    *) is_near='' ;;
esac

# Certificates that image builds need: what the variables name, else what this machine trusts.
certificates=''
for path in "${RUNNER_CA_BUNDLE:-}" "${SSL_CERT_FILE:-}" "${REQUESTS_CA_BUNDLE:-}" "${PIP_CERT:-}" \
    /etc/ssl/certs/ca-certificates.crt /etc/pki/tls/certs/ca-bundle.crt /etc/ssl/cert.pem; do
    [ -z "$certificates" ] && [ -n "$path" ] && [ -f "$path" ] && certificates=$path
done

set -- "$image" "$@"
[ -n "$certificates" ] && set -- --env SSL_CERT_FILE=/etc/ephemeral-runner/ca.pem "$@"
# The value of `--mount` for a path of this machine, in the form of a line of CSV, as $mount.
bind() {
    mount='' rest=$1
    while [ "$rest" != "${rest#*\"}" ]; do
        mount=$mount${rest%%\"*}'""'
        rest=${rest#*\"}
    done
    mount="type=bind,\"source=$mount$rest\",\"target=${2:-$mount$rest}\"${3:-}"
}

if [ -n "$is_near" ]; then
    bind "$top"
    set -- --mount "$mount" "$@"
    if [ -n "$certificates" ]; then
        bind "$certificates" /etc/ephemeral-runner/ca.pem ,readonly
        set -- --mount "$mount" "$@"
    fi
    if [ -f "${GITHUB_STEP_SUMMARY:-}" ]; then
        bind "$GITHUB_STEP_SUMMARY"
        set -- --mount "$mount" "$@"
    fi
fi

# The environment, but for what belongs to this machine's own processes.
exported=$(export -p)
while IFS= read -r line; do
    case $line in
        'export '[A-Za-z_]*) name=${line#export }; name=${name%%=*} ;;
        'declare -x '[A-Za-z_]*) name=${line#declare -x }; name=${name%%=*} ;;
        *) continue ;;
    esac
    case $name in
        *[!A-Za-z0-9_]* | PATH | HOME | PWD | OLDPWD | SHLVL | SHELL | USER | LOGNAME | HOSTNAME | TMPDIR | TMP | TEMP | _) ;;
        DOCKER_* | LD_* | SSH_* | XDG_* | PYTHON* | VIRTUAL_ENV* | MAKE* | MFLAGS | RUNNER) ;;
        SSL_CERT_* | REQUESTS_CA_BUNDLE | PIP_CERT | RUNNER_CA_BUNDLE | CURL_CA_BUNDLE) ;;
        *) set -- --env "$name" "$@" ;;
    esac
done <<EOF
$exported
EOF

[ -t 0 ] && [ -t 1 ] && set -- --tty "$@"

# A name that no other has: `docker run` prints no id, and `docker start` does not pass signals on.
unique=$$-$PPID-${RANDOM:-0}
[ -r /proc/sys/kernel/random/uuid ] && read -r unique </proc/sys/kernel/random/uuid
container=runner-$unique
set -- --interactive --name "$container" --label ephemeral-runner.role=runner --workdir "$PWD" --pull never \
    --env "EPHEMERAL_RUNNER_LAUNCHER=$container" "$@"
bind "$socket" /var/run/docker.sock
if [ -n "$is_near" ]; then
    set -- --mount "$mount" "$@"
else
    # The engine cannot see this machine's folders: copied there, and the results back. Its own socket is where it is by
    # default, or it has none: then it is reached from there as from here.
    refused=$(docker create --mount "$mount" "$@" 2>&1 >/dev/null) ||
        docker create --env "DOCKER_HOST=$engine" "$@" >/dev/null || { echo "$refused" >&2; exit 91; }
    trap 'docker rm --force --volumes "$container" >/dev/null 2>&1' EXIT
    docker cp "$top/." "$container:$top" >/dev/null || exit 91
    [ -z "$certificates" ] || docker cp --follow-link "$certificates" "$container:/etc/ephemeral-runner/ca.pem" >/dev/null
fi

# Runs the container to its end, and writes its exit code on 4. Standard output, a pipe, stays open as long.
follow() {
    if [ -n "$is_near" ]; then
        docker run --rm "$@" <&5 >&3 3>&- 4>&- 5<&-
    else
        docker start --attach --interactive "$container" <&5 >&3 3>&- 4>&- 5<&-
    fi
    echo $? >&4
}

# Tells the container when the pipe has ended, however that came about.
hold() {
    tries=0
    until docker exec --interactive "$container" \
        /usr/bin/python3 -I -S /opt/ephemeral-runner/images/runner/entrypoint.py --hold; do
        # Not there yet, or not running yet; or gone already. Where it cannot be made, it never comes.
        case $(docker inspect --format '{{.State.Status}}' "$container") in
            created | running) tries=100 ;;
            '') tries=$((tries + 1)) ;;
            *) return ;;
        esac
        [ "$tries" -le 100 ] || return
    done >/dev/null 2>&1
}

# In the background, for only `wait` can be interrupted by a signal. Ctrl-C reaches docker by itself, with the terminal.
trap '' INT
exec 3>&1 5<&0
{
    code=$({ follow "$@" | hold 3>&- 4>&- 5<&-; } 4>&1)
    exit "${code:-91}"
} &
following=$!
trap 'docker kill --signal TERM "$container" >/dev/null' TERM
trap 'docker kill --signal HUP "$container" >/dev/null' HUP
while :; do
    wait "$following"
    code=$?
    kill -0 "$following" 2>/dev/null || break
done
trap '' TERM HUP

[ -n "$is_near" ] || docker cp "$container:$PWD/.runner" . >/dev/null 2>&1
# A container that was killed could not clean up: what was made but not started yet has no lease.
left=$(docker ps --all --quiet --filter "label=ephemeral-runner.launcher=$container")
# shellcheck disable=SC2086 -- ids
[ -z "$left" ] || docker rm --force --volumes $left >/dev/null
exit "$code"
