#!/bin/sh
# Makes the runner's own image where it is missing, and writes its name into a file: sh images/runner/build.sh FILE
#
# Needs a shell and docker only. The system below the runner (Debian, the engine's tools, Python packages) has the
# checksum of what decides it as its name; the runner on top of it has the engine's own checksum.
# Environment: SSL_CERT_FILE and its like, certificates for package mirrors over TLS.
set -eu
file=$1
here=${0%/*}
[ "$here" != "$0" ] || here=.
# The default of the setting `base_image`.
reference=debian@sha256:a29215f6a35e51e22adffa17f89e9d2ef06214e64a2bad10d765c46aea49f11f

say() { echo "  $*" >&2; }

# Shows what a command says only if it fails.
quietly() {
    said=$("$@" 2>&1) || {
        code=$?
        echo "$said" >&2
        exit "$code"
    }
}

refused=$(docker version --format '{{.Server.Version}}' 2>&1 >/dev/null) || {
    echo "error: cannot reach the Docker engine" >&2
    echo "cause: $refused" >&2
    echo "hint:  start Docker or set \`DOCKER_HOST\`" >&2
    exit 91
}

container=''
trap '[ -z "$container" ] || docker rm --force --volumes "$container" >/dev/null 2>&1' EXIT
trap 'exit 130' INT
trap 'exit 143' TERM
trap 'exit 129' HUP

if [ -z "${SSL_CERT_FILE:-}" ]; then
    for path in "${REQUESTS_CA_BUNDLE:-}" "${PIP_CERT:-}" /etc/ssl/certs/ca-certificates.crt \
        /etc/pki/tls/certs/ca-bundle.crt /etc/ssl/cert.pem; do
        [ -z "$path" ] || [ ! -f "$path" ] || { export SSL_CERT_FILE="$path"; break; }
    done
fi

if docker image inspect "$reference" >/dev/null 2>&1 || docker pull --quiet "$reference" >/dev/null 2>&1; then
    parent=$reference
else
    parent=ephemeral-runner/rootfs:runner
    docker image inspect "$parent" >/dev/null 2>&1 || say "no registry: making Debian 13 from its packages, once"
    quietly sh "$here/../base/rootfs.sh" "$parent"
fi

# Makes a container with our files in it, for a command.
prepare() {
    container=$(docker create --entrypoint /bin/sh "$parent" "$@")
    docker cp "$here/../base/." "$container:/build/" >/dev/null
    docker cp "$here/." "$container:/build/runner/" >/dev/null
    [ -z "${SSL_CERT_FILE:-}" ] || docker cp --follow-link "$SSL_CERT_FILE" "$container:/build/ca.pem" >/dev/null
}

prepare -c 'cd /build && { cat *.sh *.py runner/install.sh runner/requirements.txt; echo "$0"; } | sha256sum' \
    "$(docker image inspect --format '{{.Id}}' "$parent")"
sum=$(docker start --attach "$container")
docker rm "$container" >/dev/null
system=ephemeral-runner/runner-system:${sum%"${sum#????????????????}"}
if ! docker image inspect "$system" >/dev/null 2>&1; then
    say "making $system"
    prepare /build/runner/install.sh
    quietly docker start --attach "$container"
    docker commit "$container" "$system" >/dev/null
fi

# The engine's builder finds by its own checksums what it made before; other builders keep theirs elsewhere.
export DOCKER_BUILDKIT=0
set -- --file "$here/Dockerfile" --build-arg "SYSTEM=$system" "$here/../.."
image=$(docker build --quiet "$@" 2>/dev/null) || { docker build "$@" >&2; exit 92; }
id=${image#sha256:}
name=ephemeral-runner/runner:${id%"${id#????????????????}"}
docker tag "$image" "$name"
docker tag "$image" ephemeral-runner/runner:latest
# The one before it; it stays where a container uses it.
before=''
[ ! -f "$file" ] || read -r before <"$file" || :
echo "$name" >"$file"
[ -z "$before" ] || [ "$before" = "$name" ] || docker rmi "$before" >/dev/null 2>&1 || :
