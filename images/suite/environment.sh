# Makes the environment of a suite in a container of ours: the project's locked dependencies and the project itself.
#
#     sh /build/environment.sh [RESULT]
#
# With RESULT, what was made is packed into that file, for a container without what only the build needs; folders.sh
# finishes there, or here. What a build needs (uv, certificates, sources) is removed before the engine commits what is
# left. Whatever would differ between two builds is listed in docs/reproducibility.md.
set -eu
. /build/project.env
export LC_ALL=C.UTF-8 HOME=/build/home TMPDIR=/build/tmp PYTHONDONTWRITEBYTECODE=1 PYTHONHASHSEED=0
# A wheel is a ZIP file, which knows no time before 1980.
export SOURCE_DATE_EPOCH=315532800
umask 022
mkdir -p "$HOME" "$TMPDIR"
root=/project
if [ -n "$INSIDE" ]; then
    # The project has its place among what it needs from around it.
    root=/repository
    mkdir -p "/repository/$INSIDE"
    ln -s "/repository/$INSIDE" /project
    tar --extract --directory=/repository --no-same-owner --file=/build/outside.tar
else
    mkdir -p /project
fi
tar --extract --directory="/project" --no-same-owner --file=/build/sources.tar

if [ -e /build/history.sh ]; then
    echo "== making the history that versions are read from"
    printf '[user]\n\tname = ephemeral-runner\n\temail = ephemeral-runner@localhost\n' > "$HOME/.gitconfig"
    (cd "$root" && git init --quiet --initial-branch=main . && git fast-import --quiet < /build/history \
        && sh /build/history.sh)
fi

echo "== fetching uv"
# Debian has pip as a file for `python -m venv`; it runs from there, which saves a venv of its own.
for pip in /usr/share/python-wheels/pip-*.whl; do :; done
sh /build/with-certificates.sh /usr/bin/python3 "$pip/pip" install --quiet --disable-pip-version-check --no-cache-dir \
    --no-compile --target /build/uv --require-hashes --requirement /build/uv.txt

sh /build/with-certificates.sh sh /build/install.sh
/usr/bin/python3 -I /build/leftovers.py "$root"

if [ -n "${1:-}" ]; then
    echo "== packing the environment"
    tar --create --directory=/ --file="$1" opt project ${INSIDE:+repository}
fi
