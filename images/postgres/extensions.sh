# Finds the names by which Postgres knows the extensions that choose.sh chose packages for: sh extensions.sh VERSION
#
# They go into the image, a line each: what the runner creates in each database.
set -eu
echo "== finding the extensions"
folder=/usr/share/postgresql/$1/extension
target=/usr/lib/ephemeral-runner/extensions
tab=$(printf '\t')

# Where a package has several, the one that has the name, with or without what stands before it.
find_extension() {
    for name in "$1" "$(echo "$1" | tr 'A-Z-' 'a-z_')" "$(echo "$1" | sed 's/^pg_*//')" "pg_$1"; do
        [ ! -e "$folder/$name.control" ] || { echo "$name"; return; }
    done
    [ -z "$2" ] || dpkg-query --listfiles "$2" | sed -n "s,^$folder/\([^/]*\)\.control$,\1,p"
}

: > "$target"
while IFS=$tab read -r name package; do
    found=$(find_extension "$name" "$package")
    if [ "$(echo "$found" | wc -w)" -ne 1 ]; then
        echo "extension: $name" >&2
        # A package with several of other names is no answer, but these are.
        known=$({ echo "$found"; cat /build/packaged; ls "$folder" | sed -n 's/\.control$//p'; } | sort -u)
        echo "available: $(echo "$known" | tr '\n' ' ')" >&2
        exit 45
    fi
    echo "$found" >> "$target"
done < /build/chosen
