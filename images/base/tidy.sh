# The last step in a system whose packages were installed: a list of them, and nothing that differs from build to build.
#
# /usr/share/ephemeral-runner/debian.tsv has a line for each package: name, version, architecture, and the checksum of
# its file, which is empty where the archive's lists do not have it. Exit code 43: a package has not its pinned version.
set -eu
echo "== tidying up" >&2
list=/usr/share/ephemeral-runner/debian.tsv
mkdir -p "${list%/*}"
touch "$list"
known=/build/known
cp "$list" "$known"
for file in /var/lib/apt/lists/*_Packages*; do
    [ ! -e "$file" ] || /usr/lib/apt/apt-helper cat-file "$file"
done | awk '
    /^Package: / { name = $2 }
    /^Version: / { version = $2 }
    /^Architecture: / { print_as = name "\t" version "\t" $2 }
    /^SHA256: / { print print_as "\t" $2 }
' >> "$known"
dpkg-query --show --showformat='${Package}\t${Version}\t${Architecture}\n' > /build/installed
awk -F '\t' -v OFS='\t' '
    FNR == NR { sum[$1, $2, $3] = $4; next }
    { print $1, $2, $3, sum[$1, $2, $3] }
' "$known" /build/installed | LC_ALL=C sort > "$list"

if [ -s /build/pins ]; then
    awk -F '\t' '
        FNR == NR { pinned[$1] = $2; next }
        $1 in pinned && pinned[$1] != $2 { print "pin: " $1 " " pinned[$1] " " $2; bad = 1 }
        END { exit bad ? 43 : 0 }
    ' /build/pins /build/installed >&2
fi
rm "$known" /build/installed

# Where a system made by mmdebstrap gets packages from: apt's own example, which is what Debian's images have.
example=/usr/share/doc/apt/examples/debian.sources
if [ -e "$example" ]; then
    rm -f /etc/apt/sources.list /etc/apt/sources.list.d/*
    sed '/^#/d; s/^Components:.*/Components: main/' "$example" > /etc/apt/sources.list.d/debian.sources
fi
# What was unpacked before dpkg was told to leave it out.
sh /build/exclude.sh
find /usr/share/doc ! -type d ! -name copyright -delete
find /usr/share/doc -mindepth 1 -type d -empty -delete
rm -rf /usr/share/man/* /usr/share/info/* /usr/share/locale/* /usr/share/lintian /usr/share/bash-completion

# Logs, caches, lists, locks, backups, and what belongs to one machine.
rm -rf /var/log/* /var/cache/apt/* /var/cache/ldconfig /var/lib/apt/lists/* /var/lib/dpkg/*-old /var/cache/debconf/*-old
rm -f /var/lib/dpkg/lock /var/lib/dpkg/lock-frontend /var/lib/dpkg/triggers/Lock /var/lib/dpkg/available
rm -f /var/lib/dpkg/cmethopt /etc/passwd- /etc/group- /etc/shadow- /etc/gshadow- /etc/subuid- /etc/subgid- /etc/.pwd.lock
rm -f /etc/machine-id /var/lib/dbus/machine-id
# A key of its own for each machine, which the package ssl-cert makes; nobody may use one out of an image.
rm -f /etc/ssl/private/ssl-cert-snakeoil.key /etc/ssl/certs/ssl-cert-snakeoil.pem
rm -f /etc/postgresql-common/root.crt
find /etc/ssl/certs -lname ssl-cert-snakeoil.pem -delete
# The day of the last change of each password.
sed -E 's/^([^:]*:[^:]*:)[0-9]+:/\120089:/' /etc/shadow > /build/shadow
cmp -s /build/shadow /etc/shadow || cat /build/shadow > /etc/shadow
rm /build/shadow
[ ! -x /usr/bin/python3 ] || /usr/bin/python3 -I -S -B /build/unchecked.py /usr/lib/python3*
