# Makes the root file system of Debian 13 with some packages in it, and writes it as a tar file to standard output.
#
#     sh /build/bootstrap.sh PACKAGE,PACKAGE
#
# Runs in a container that may be thrown away: of a Debian image, or of an empty one with the engine's own /usr and
# /etc/apt in it. mmdebstrap comes from that system's packages; it needs root's usual rights in a container, no more.
# Beside it: settings.sh, tidy.sh, unchecked.py; where they are needed also ca.pem, sources (apt's), preferences
# (apt's) and pins (name and version of a package a line). Exit code 42: there is no apt here.
set -eu
packages=$1
cd /build
. /build/settings.sh
work=/build/work
mkdir -p "$work/state/lists/partial" "$work/cache/archives/partial" "$work/tools" /tmp
export TMPDIR=$work
command -v apt-get >/dev/null && command -v dpkg-deb >/dev/null || { echo "E: there is no apt-get" >&2; exit 42; }

# An apt of our own: the system's sources, and nothing else of its state.
: > "$work/status"
cat > "$work/apt.conf" <<EOF
Dir::State "$work/state";
Dir::State::status "$work/status";
Dir::Cache "$work/cache";
Debug::NoLocking "1";
Acquire::IndexTargets::deb::DEP-11::DefaultEnabled "false";
EOF
[ -e /build/is-host ] || [ ! -s /build/sources ] || cat >> "$work/apt.conf" <<EOF
Dir::Etc::SourceList "/build/sources";
Dir::Etc::SourceParts "/dev/null";
EOF
own_apt() {
    # shellcheck disable=SC2086
    APT_CONFIG=$work/apt.conf apt-get -q $apt_options "$@" >&2
}

unpack() {
    (cd "$work" && own_apt download "$@") || return
    for file in "$work"/*.deb; do
        dpkg-deb --extract "$file" "$work/tools"
        rm "$file"
    done
}

say "unpacking mmdebstrap"
# The lists of the engine's machine are there already, as a rule, and save reading them anew. Where they are old, or there
# are none, they are read; then a foreign source that fails is no matter, for what is missing shows at once.
unpack -o Dir::State::Lists=/var/lib/apt/lists mmdebstrap debian-archive-keyring 2>"$work/first" || {
    own_apt update || say "not every source of this system could be read"
    unpack mmdebstrap debian-archive-keyring
}
PERL5LIB=
for folder in "$work"/tools/usr/share/perl5; do PERL5LIB=$folder; done
if ! perl -e 'require "syscall.ph"' 2>/dev/null; then
    # The smallest Debian has a part of Perl only. The rest is in packages with the version in their names.
    more=$(APT_CONFIG=$work/apt.conf apt-cache depends perl | sed -n 's/.*Depends: \(perl-modules-.*\|libperl.*\)/\1/p')
    # shellcheck disable=SC2086
    unpack perl $more
    for folder in "$work"/tools/usr/share/perl/5.*.* "$work"/tools/usr/lib/*/perl/5.*.*; do
        PERL5LIB=$PERL5LIB:$folder
    done
fi
export PERL5LIB

# Files of ours are in the new system while it is made, below its /build.
cat > "$work/begin.sh" <<'EOF'
set -eu
mkdir -p "$1/build" "$1/etc/apt/preferences.d"
cp /build/*.sh /build/*.py "$1/build/"
[ ! -s /build/pins ] || cp /build/pins "$1/build/"
[ ! -s /build/preferences ] || cp /build/preferences "$1/etc/apt/preferences.d/ephemeral-runner"
EOF
cat > "$work/end.sh" <<'EOF'
set -eu
rm -f "$1/etc/apt/apt.conf.d/99mmdebstrap" "$1/etc/dpkg/dpkg.cfg.d/99mmdebstrap"
rm -f "$1/etc/apt/preferences.d/ephemeral-runner"
chroot "$1" sh /build/tidy.sh >&2
rm -r "$1/build"
EOF

set -- --mode=root --variant=minbase --format=tar --keyring="$work/tools/usr/share/keyrings" --include="$packages" \
    --dpkgopt=force-unsafe-io --skip=cleanup/apt,output/dev \
    --setup-hook="sh $work/begin.sh \"\$1\"" --customize-hook="sh $work/end.sh \"\$1\""
for option in $apt_options; do
    [ "$option" = -o ] || set -- "$@" --aptopt="${option%%=*} \"${option#*=}\""
done
set -- "$@" trixie -
[ ! -s /build/sources ] || set -- "$@" /build/sources
say "making the root file system"
exec perl "$work/tools/usr/bin/mmdebstrap" "$@"
