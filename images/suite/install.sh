# Installs the project's locked dependencies, then ours beside them, then the project itself; all into /opt/venv.
# Environment file /build/lock.env: LOCK_KIND (uv or requirements), LOCK_FILE, EXPORT_ARGS, INSTALL_PROJECT (yes or no).
set -eu
. /build/lock.env
uv=/build/uv/bin/uv
export VIRTUAL_ENV=/opt/venv UV_PYTHON_DOWNLOADS=never UV_NO_CACHE=1 UV_LINK_MODE=copy UV_NO_PROGRESS=1
# Without this uv writes when and from where it installed.
export UV_PYTHON=/opt/venv/bin/python UV_NO_INSTALLER_METADATA=1
cd /project

say() { echo "== $*"; }

"$uv" venv --quiet --python /usr/bin/python3 /opt/venv
packages=$(/opt/venv/bin/python -c 'import sysconfig; print(sysconfig.get_path("purelib"))')

if [ "$LOCK_KIND" = uv ]; then
    say "reading uv.lock"
    # shellcheck disable=SC2086
    "$uv" export --quiet --locked --no-emit-project --format requirements-txt $EXPORT_ARGS \
        --output-file /build/locked.txt
    LOCK_FILE=/build/locked.txt
fi

say "installing the locked dependencies"
"$uv" pip install --require-hashes -r "$LOCK_FILE"
"$uv" pip freeze > /build/pinned.txt

say "adding pytest, pytest-xdist, pytest-rerunfailures and psycopg beside them"
# Our own pins first. Where they do not fit what the project pinned, those of its pins and the rest of ours: the same
# versions every time. Where that does not fit either, whatever does: the project's pins stay.
awk -F '[=; ]' 'NR == FNR { pinned[$1]; next }
    !($1 in pinned) && !($1 == "psycopg-binary" && "psycopg" in pinned)' /build/pinned.txt /build/tools.txt > /build/rest.txt
"$uv" pip install --constraint /build/pinned.txt -r /build/tools.txt 2>/build/refused \
    || "$uv" pip install --constraint /build/pinned.txt --constraint /build/rest.txt -r /build/tools.in 2>/build/refused \
    || { say "our pins do not fit the project's; looking for versions that do"; cat /build/refused
         "$uv" pip install --constraint /build/pinned.txt -r /build/tools.in; }

if [ "$INSTALL_PROJECT" = yes ]; then
    say "installing the project itself"
    before=$(cd "$packages" && echo *.dist-info)
    # Without it setuptools lists the modules that there are today; other build backends refuse settings they do not know.
    settings=
    if grep -q 'build-backend *= *["'\'']setuptools' pyproject.toml; then
        settings=--config-setting=editable_mode=compat
    fi
    # shellcheck disable=SC2086
    "$uv" pip install --no-deps $settings --editable .
    say "checking that the lock still fits pyproject.toml"
    "$uv" pip check
    # shellcheck disable=SC2086
    /opt/venv/bin/python -I /build/settle.py "$packages" $before
fi
# The plugin's folder; and a project without a build system is importable from its own.
printf '/opt/plugin\n/project\n' > "$packages/ephemeral-runner.pth"
# What we offer to suites, `runner.retry`, comes after whatever the project calls `runner`: files are read in order.
echo /opt/api > "$packages/zz-ephemeral-runner.pth"
rm -f /opt/venv/.lock
# Tests run without writing bytecode, so what can be compiled is compiled here; a file for another Python may fail.
# The files hold a hash of their source in place of its time, and nobody looks whether it still fits.
say "compiling"
/opt/venv/bin/python -m compileall -q -j 0 --invalidation-mode unchecked-hash /opt/venv/lib || true
