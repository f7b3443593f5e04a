#!/bin/sh
# Makes an image with the root file system of Debian 13: sh images/base/rootfs.sh TAG
#
# Needs a shell and docker, no registry and no image: the tools of the engine's own machine do the work, in a container
# of an empty image that has that machine's programs read-only in it. TAG is given when the image is whole. The runner
# finds it by a second name, which is made of the checksum of the scripts (`make_shared_tag` in
# runner/engines/docker/rootfs.py).
# Environment: SSL_CERT_FILE, certificates for mirrors over TLS.
set -eu
tag=$1
packages=ca-certificates,python3,python3-venv
folder=${0%/*}
[ "$folder" != "$0" ] || folder=.

empty=$(docker import - </dev/null)
set -- --mount type=bind,source=/usr,target=/usr,readonly
for path in /bin /sbin /lib; do set -- "$@" --mount "type=bind,source=$path,target=$path,readonly"; done
case $(docker version --format '{{.Server.Arch}}') in
    amd64) set -- "$@" --mount type=bind,source=/lib64,target=/lib64,readonly ;;
esac
for path in /etc/apt /etc/ssl /etc/alternatives /var/lib/apt; do
    set -- "$@" --mount "type=bind,source=$path,target=$path,readonly"
done

container=''
trap '[ -z "$container" ] || docker rm --force --volumes "$container" >/dev/null 2>&1
docker rmi --force "$empty" >/dev/null 2>&1' EXIT
trap 'exit 130' INT
trap 'exit 143' TERM
trap 'exit 129' HUP

# Makes a container with our files in it, for a command.
prepare() {
    container=$(docker create --rm --tmpfs /tmp:exec --tmpfs /build/work:exec,dev,suid "$@")
    docker cp "$folder/." "$container:/build/" >/dev/null
}

prepare "$@" "$empty" /bin/sh -c \
    'cd /build && { cat bootstrap.sh exclude.sh settings.sh tidy.sh unchecked.py; echo "$0"; } | sha256sum' "$packages"
sum=$(docker start --attach "$container")
shared=ephemeral-runner/rootfs:${sum%"${sum#????????????????}"}
if docker image inspect "$shared" >/dev/null 2>&1; then
    docker tag "$shared" "$tag"
    exit 0
fi

prepare "$@" "$empty" /bin/sh -c ': > /build/is-host; exec sh /build/bootstrap.sh "$0"' "$packages"
[ -z "${SSL_CERT_FILE:-}" ] || docker cp --follow-link "$SSL_CERT_FILE" "$container:/build/ca.pem" >/dev/null
made=$({ { docker start --attach "$container" 3>&- || echo failed >&3; } | docker import - >&3; } 3>&1)
case $made in
    *failed*)
        case $made in *sha256:*) made=${made#*sha256:}; docker rmi "${made%%[!0-9a-f]*}" >/dev/null ;; esac
        exit 92
        ;;
    sha256:*) docker tag "$made" "$shared" && docker tag "$made" "$tag" ;;
    *) exit 92 ;;
esac
