# Installs what the runner's image holds beside the runner: git, the engine's command line tools, and Python packages.
# Runs in a container of the base, in /build; build.sh put the files of images/base there too.
set -eu
cd /build
# git lists a project's sources. Compose starts its services; the rest is for people at a shell in here.
sh /build/install.sh ca-certificates git docker-cli docker-buildx docker-compose python3 python3-venv >/dev/null
. /build/settings.sh
[ ! -s /build/ca.pem ] || export SSL_CERT_FILE=/build/ca.pem PIP_CERT=/build/ca.pem
say "installing the Python packages"
venv=/opt/ephemeral-runner/venv
python3 -m venv "$venv"
"$venv/bin/pip" install -q --no-cache-dir --no-compile --require-hashes -r runner/requirements.txt
"$venv/bin/pip" uninstall -q -y pip
find "$venv" -name __pycache__ -prune -exec rm -r {} +
"$venv/bin/python" -m compileall -q -j 0 --invalidation-mode unchecked-hash "$venv/lib"
# The certificates of the caller's machine are mounted over this file.
install -d /etc/ephemeral-runner
: > /etc/ephemeral-runner/ca.pem
rm -rf /build
