# Installs the project's locked dependencies, then ours beside them, then the project itself; all into /opt/venv.
# Environment file /build/lock.env: LOCK_KIND (uv or requirements), LOCK_FILE, EXPORT_ARGS, INSTALL_PROJECT (yes or no).
set -eu
. /build/lock.env
uv=/build/uv/bin/uv
export VIRTUAL_ENV=/opt/venv UV_PYTHON_DOWNLOADS=never UV_NO_CACHE=1 UV_LINK_MODE=copy UV_NO_PROGRESS=1
export UV_PYTHON=/opt/venv/bin/python
cd /project

say() { echo "== $*"; }

"$uv" venv --quiet --python /usr/bin/python3 /opt/venv

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
# Our own pins first. Where they do not fit what the project pinned, whatever does fit: the project's pins stay.
"$uv" pip install --constraint /build/pinned.txt -r /build/tools.txt 2>/build/refused \
    || { say "our pins do not fit the project's; looking for versions that do"; cat /build/refused
         "$uv" pip install --constraint /build/pinned.txt -r /build/tools.in; }

if [ "$INSTALL_PROJECT" = yes ]; then
    say "installing the project itself"
    "$uv" pip install --no-deps --editable .
    say "checking that the lock still fits pyproject.toml"
    "$uv" pip check
fi
packages=$(/opt/venv/bin/python -c 'import sysconfig; print(sysconfig.get_path("purelib"))')
# The plugin's folder; and a project without a build system is importable from its own.
printf '/opt/plugin\n/project\n' > "$packages/ephemeral-runner.pth"
# What we offer to suites, `runner.retry`, comes after whatever the project calls `runner`: files are read in order.
echo /opt/api > "$packages/zz-ephemeral-runner.pth"
# Tests run without writing bytecode, so what can be compiled is compiled here; a file for another Python may fail.
/opt/venv/bin/python -m compileall -q -j 0 /opt/venv/lib || true
