# Chooses the Debian packages of the server; images/base/install.sh reads it, and then installs what is in "$@".
#
# What it was called with is the server's package, postgresql-VERSION. Beside it: extensions (names of them, a line
# each). Says `postgres: ` and `extensions: ` with what can be had, where something cannot; the exit code is 44 or 45.
server=$1
version=${server#postgresql-}

# shellcheck disable=SC2086,SC2154
list_packages() { apt-cache $apt_options pkgnames "$1"; }

if ! list_packages "$server" | grep -qx "$server"; then
    echo "postgres: $version" >&2
    echo "available: $(list_packages postgresql- | sed -n 's/^postgresql-\([0-9]*\)$/\1/p' | sort | tr '\n' ' ')" >&2
    exit 44
fi
list_packages "$server-" | sed "s/^$server-//" | sort > /build/packaged
# Languages have the version at the end.
list_packages postgresql-pl | sed -n "s/^postgresql-\(pl.*\)-$version$/\1/p" | sort > /build/languages

# The package of an extension, by all the ways in which Debian shortens a name; nothing for one of the server's own.
find_package() {
    wanted=$(echo "$1" | tr 'A-Z_' 'a-z-')
    short=${wanted#pg}
    for name in "$wanted" "${short#-}" "pg$wanted"; do
        found=$(grep -Ex "$name(-[0-9]+)?" /build/packaged | tail -n 1)
        [ -z "$found" ] || { echo "$server-$found"; return; }
    done
    for name in "$wanted" "${wanted%u}"; do
        ! grep -qx "$name" /build/languages || { echo "postgresql-$name-$version"; return; }
    done
}

: > /build/chosen
while read -r name; do
    package=$(find_package "$name") || true
    printf '%s\t%s\n' "$name" "$package" >> /build/chosen
    [ -z "$package" ] || set -- "$@" "$package"
done < /build/extensions
