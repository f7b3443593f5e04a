# Makes the server of an image of the user's own ready for us: sh adopt.sh LOCALE ENCODING
#
# Beside it: python.tar (from the base, by images/base/python.sh), extensions (names, a line each), extensions.sh,
# bake.sh. Says `image: ` and the reason where the image cannot be used; the exit code is 47.
set -eu
ours=/usr/lib/ephemeral-runner

refuse() { echo "image: $1" >&2; exit 47; }

server=$(ls -d /usr/lib/postgresql/*/bin/postgres 2> /dev/null | sort -V | tail -n 1)
[ -n "$server" ] || refuse 'there is no /usr/lib/postgresql/*/bin/postgres in it'
for program in bash tar runuser psql; do
    command -v "$program" > /dev/null || refuse "there is no program \`$program\` in it"
done
getent passwd postgres > /dev/null || refuse 'there is no user `postgres` in it'
version=${server#/usr/lib/postgresql/}
version=${version%%/*}
[ "$version" -ge 13 ] || refuse "its server is Postgres $version, the oldest that can be used is 13"

# The lease and the bridge are programs in Python.
if [ ! -x /usr/bin/python3 ]; then
    echo "== adding Python"
    mkdir -p "$ours"
    tar --extract --file=/build/python.tar --directory="$ours"
    cat > /usr/bin/python3 <<'EOF'
#!/bin/sh
here=/usr/lib/ephemeral-runner/python
exec "$here/lib/loader" --library-path "$here/lib" "$here/bin/python3" "$@"
EOF
    chmod 755 /usr/bin/python3
fi
ln -sfn "${server%/postgres}" "$ours/postgres"

# Nothing is installed: what the image has is all there is.
sed 's/$/\t/' /build/extensions > /build/chosen
: > /build/packaged
sh /build/extensions.sh "$version"
sh /build/bake.sh "$version" "$1" "$2"
