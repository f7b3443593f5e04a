# Installs Debian packages in a container that becomes a layer of an image: sh /build/install.sh PACKAGE ...
#
# Beside it: settings.sh, tidy.sh, unchecked.py; where they are needed also ca.pem, sources (apt's), preferences
# (apt's), pins (name and version of a package a line), dpkg.cfg (paths to leave out) and *.control (empty packages
# that stand in for real ones).
set -eu
. /build/settings.sh

if [ -s /build/sources ]; then
    apt_options="$apt_options -o Dir::Etc::SourceList=/build/sources -o Dir::Etc::SourceParts=/dev/null"
fi
[ ! -s /build/preferences ] || apt_options="$apt_options -o Dir::Etc::Preferences=/build/preferences"

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

say "installing $*"
# shellcheck disable=SC2086
apt-get -q -y $apt_options -o DPkg::Options::=--force-unsafe-io -o DPkg::Use-Pty=0 install "$@"
sh /build/tidy.sh
