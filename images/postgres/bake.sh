# Makes the data directory of Postgres once, when the image is made, and keeps it as one file:
#
#     sh bake.sh VERSION LOCALE ENCODING
#
# Durability is off: the data lives no longer than the run, so a crash of the machine has nothing to lose.
set -eu
version=$1 locale=$2 encoding=$3
programs=/usr/lib/postgresql/$version/bin
settings=/usr/lib/ephemeral-runner
home=/var/lib/ephemeral-runner

# What programs call a locale and what `locale -a` lists differ in case and hyphens.
fold() { tr 'A-Z' 'a-z' | tr -d -; }

has_locale() {
    case $1 in C | POSIX | C.*) return 0 ;; esac
    locale -a 2> /dev/null | fold | grep -qxF "$(echo "$1" | fold)"
}

# Debian's list of locales: name and character set.
make_locale() {
    list=/usr/share/i18n/SUPPORTED
    charmap=
    [ ! -e "$list" ] || charmap=$(awk -v name="$1" '
        function fold(text) { text = tolower(text); gsub("-", "", text); return text }
        fold($1) == fold(name) { print $2; exit }
    ' "$list")
    if [ -z "$charmap" ]; then
        echo "locale: $1" >&2
        echo "available: $({ locale -a; sed 's/ .*//' "$list"; } 2> /dev/null | sort -u | tr '\n' ' ')" >&2
        exit 46
    fi
    localedef --inputfile="$(echo "$1" | sed 's/\.[^@]*//')" --charmap="$charmap" --no-archive "$1"
    # What it was made from.
    rm -rf /usr/share/i18n/charmaps /usr/share/i18n/locales
}

if ! has_locale "$locale"; then
    echo "== making the locale $locale"
    make_locale "$locale"
fi

echo "== making the data directory"
install -d -o postgres -g postgres "$home"
cd "$home"
# Checksums of pages, which 18 has unless it is told, find broken disks.
[ "$version" -lt 18 ] || set -- --no-data-checksums
[ "$version" -ge 18 ] || set --
runuser -u postgres -- "$programs/initdb" --pgdata=data --username=postgres --auth=trust \
    --encoding="$encoding" --locale="$locale" --lc-messages=C --wal-segsize=1 --no-sync "$@"
cat "$settings/postgresql.conf" >> data/postgresql.conf
[ "$version" -ge 16 ] || sed -i '/^scram_iterations/d' data/postgresql.conf
cat "$settings/pg_hba.conf" > data/pg_hba.conf
# The runner's own statements are nobody's business: the log has those of tests.
echo "ALTER ROLE postgres SET log_statement = none" |
    runuser -u postgres -- "$programs/postgres" --single -D data postgres > /dev/null
tar --create --file=data.tar data
rm -r data
