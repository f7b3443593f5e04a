# What every script that handles Debian packages reads first: an environment that leaves no traces, and apt's options.
# Times, hash seeds and languages are the same everywhere; nobody is asked anything.
export SOURCE_DATE_EPOCH=1735689600 PYTHONHASHSEED=0 PERL_HASH_SEED=0 LC_ALL=C.UTF-8 HOME=/root
export DEBIAN_FRONTEND=noninteractive DEBCONF_NONINTERACTIVE_SEEN=true
export PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
umask 022

# apt drops to a user of its own for downloads, who is not there, or cannot enter our folders.
apt_options="-o APT::Sandbox::User=root -o APT::Install-Recommends=false -o Acquire::Languages=none
    -o Acquire::Retries=2 -o Acquire::http::Timeout=15 -o Acquire::https::Timeout=15"
[ ! -s /build/ca.pem ] || apt_options="$apt_options -o Acquire::https::CAInfo=/build/ca.pem"

say() { echo "== $*" >&2; }
