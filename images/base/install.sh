# Installs Debian packages in a container that becomes a layer of an image: sh /build/install.sh PACKAGE ...
#
# Beside it: settings.sh, tidy.sh, unchecked.py; where they are needed also ca.pem, sources (apt's), preferences
# (apt's), more-sources and more-preferences (the same for another release of Debian), pins (name and version of a
# package a line), unpack (packages whose files are wanted without what they depend on, a line each), dpkg.cfg (paths
# to leave out), *.control (empty packages that stand in for real ones) and choose.sh (changes what is installed).
set -eu
. /build/settings.sh

if [ -s /build/sources ]; then
    apt_options="$apt_options -o Dir::Etc::SourceList=/build/sources -o Dir::Etc::SourceParts=/dev/null"
fi
if [ -s /build/more-sources ]; then
    # Without mirrors the other release comes from where the base's own sources lead.
    find_own() { sed -n 's/^URIs: *//p' /etc/apt/sources.list.d/debian.sources | grep ${1:-} security | head -n 1; }
    if grep -q '@main@' /build/more-sources; then
        sed -i "s,@main@,$(find_own -v),; s,@security@,$(find_own)," /build/more-sources
    fi
    own=/build/sources
    [ -s "$own" ] || own=/etc/apt/sources.list
    # Without a line break at its end a file would run into the next.
    for file in "$own" /build/more-sources; do [ ! -e "$file" ] || { cat "$file"; echo; }; done > /build/all-sources
    apt_options="$apt_options -o Dir::Etc::SourceList=/build/all-sources"
fi
if [ -s /build/preferences ] || [ -s /build/more-preferences ]; then
    for file in /build/preferences /build/more-preferences; do
        [ ! -e "$file" ] || { cat "$file"; echo; }
    done > /build/all-preferences
    apt_options="$apt_options -o Dir::Etc::Preferences=/build/all-preferences"
fi

sh /build/exclude.sh
[ ! -s /build/dpkg.cfg ] || cp /build/dpkg.cfg /etc/dpkg/dpkg.cfg.d/ephemeral-runner-more

say "reading the package lists"
# shellcheck disable=SC2086
apt-get -q $apt_options update --error-on=any

for control in /build/*.control; do
    [ -e "$control" ] || continue
    mkdir -p /build/package/DEBIAN
    cp "$control" /build/package/DEBIAN/control
    dpkg-deb --root-owner-group --build /build/package /build/package.deb
    dpkg --install /build/package.deb
    rm -r /build/package /build/package.deb
done

# shellcheck disable=SC1091
[ ! -s /build/choose.sh ] || . /build/choose.sh

say "installing $*"
# shellcheck disable=SC2086
apt-get -q -y $apt_options -o DPkg::Options::=--force-unsafe-io -o DPkg::Use-Pty=0 install "$@"

if [ -s /build/unpack ]; then
    # What they depend on would be a release as a whole.
    mkdir /build/unpacked
    # shellcheck disable=SC2046,SC2086
    (cd /build/unpacked && apt-get -q $apt_options download $(cat /build/unpack))
    for file in /build/unpacked/*.deb; do dpkg-deb --extract "$file" /; done
fi
sh /build/tidy.sh
