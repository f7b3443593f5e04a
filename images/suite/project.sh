# Installs the project itself into /opt/venv, without what it requires: the lock has that.
# Environment: what install.sh exports; file /build/project.env with EDITABLE (yes, no or linked). File /build/way tells
# complete.py what became of it: editable, link or copy.
set -eu
. /build/project.env
uv=/build/uv/bin/uv
cd /project

say() { echo "== $*"; }

say "installing the project itself"
set -- --no-deps
option=
# Without it setuptools lists the modules that there are today; other build backends refuse settings they do not know.
if [ "$EDITABLE" = yes ]; then
    if [ ! -e pyproject.toml ] || ! grep -q build-backend pyproject.toml \
        || grep -q 'build-backend *= *["'\''"]setuptools' pyproject.toml; then
        option=editable_mode=compat
    fi
    set -- "$@" --editable
fi
[ ! -s /build/build-constraints.txt ] || export UV_BUILD_CONSTRAINT=/build/build-constraints.txt \
    PIP_BUILD_CONSTRAINT=/build/build-constraints.txt PIP_CONSTRAINT=/build/build-constraints.txt

case $EDITABLE in
    yes) echo editable ;;
    linked) echo link ;;
    no) echo copy ;;
esac > /build/way

install_by_uv() {
    "$uv" pip install ${option:+--config-setting=$option} "$@" . > /build/output 2>&1 || return
    tee /build/installed < /build/output
    say "checking that the installed packages fit the project"
    check_lock
    exit
}

# What other packages say of each other is the lock's business: some tools can be told to take what these refuse.
check_lock() {
    ! "$uv" pip check > /build/output 2>&1 || return 0
    cat /build/output
    own=$(sed -n 's/^ + \([^=]*\)==.*(from file:.*/\1/p' /build/installed)
    ! grep -q "^The package .$own. requires" /build/output || exit 1
    say "note: the lock has packages that do not fit each other; they are installed as they are"
}

install_by_uv "$@" || cat /build/output
if [ "$EDITABLE" = yes ] && grep -q "has no attribute 'build_editable'" /build/output; then
    say "the build backend makes no editable installation; the project's folder is linked to its metadata"
    echo link > /build/way
    option=
    set -- --no-deps
    install_by_uv "$@" || cat /build/output
fi
if grep -qE 'No file/folder found for package|Unable to determine which files to ship|[Mm]ultiple top-level packages' /build/output
then
    # An application that nobody ever installs: its folder is importable, and that is all its tests know too.
    say "the project has no package of its own; its modules are importable from its folder"
elif grep -qE 'TOML parse error|Failed to parse' /build/output; then
    say "uv cannot read the project's metadata; pip installs it"
    for pip in /usr/share/python-wheels/pip-*.whl; do :; done
    /opt/venv/bin/python "$pip/pip" install --quiet --disable-pip-version-check --no-cache-dir --no-compile \
        ${option:+--config-settings=$option} "$@" .
else
    exit 1
fi
