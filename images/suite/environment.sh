# Makes the environment of a suite in a container of ours: the project's locked dependencies, its user and its folders.
# What a build needs (uv, certificates, sources) is removed at the end, before the engine commits what is left.
# Whatever would differ between two builds is listed in docs/reproducibility.md.
set -eu
export LC_ALL=C.UTF-8 HOME=/build/home TMPDIR=/build/tmp PYTHONDONTWRITEBYTECODE=1 PYTHONHASHSEED=0 SOURCE_DATE_EPOCH=0
umask 022
mkdir -p "$HOME" "$TMPDIR" /project
tar --extract --directory=/project --no-same-owner --file=/build/sources.tar

echo "== fetching uv"
# Debian has pip as a file for `python -m venv`; it runs from there, which saves a venv of its own.
for pip in /usr/share/python-wheels/pip-*.whl; do :; done
sh /build/with-certificates.sh python3 "$pip/pip" install --quiet --disable-pip-version-check --no-cache-dir \
    --no-compile --target /build/uv --require-hashes --requirement /build/uv.txt

sh /build/with-certificates.sh sh /build/install.sh

echo "== making the user and the folders"
useradd --uid 1000 --create-home suite
rm -f /etc/passwd- /etc/shadow- /etc/group- /etc/gshadow- /etc/subuid- /etc/subgid-
find /project /tmp -mindepth 1 -delete
# The sources, which are copied into /project, belong to root. What workers share they may not write to: each has
# folders of its own below /run/runner/workers; what runs without the plugin shares that one.
install -d -o suite -g suite /run/runner /run/runner/files /run/runner/ready /run/runner/results /run/runner/workers
chmod 0755 /tmp /var/tmp /run/lock
rm -r /build
