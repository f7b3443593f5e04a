# Installs the project's locked dependencies, then ours beside them, then the project itself; all into /opt/venv.
# Environment file /build/project.env: PYTHON (such as 3.11), PYTHON_ORIGIN (base, debian or download), INSTALL_PROJECT
# (yes or no) and EDITABLE (yes, no or linked).
set -eu
. /build/project.env
export uv=/build/uv/bin/uv
export VIRTUAL_ENV=/opt/venv UV_PYTHON_DOWNLOADS=never UV_NO_CACHE=1 UV_LINK_MODE=copy UV_NO_PROGRESS=1
# Without this uv writes when and from where it installed.
export UV_PYTHON=/opt/venv/bin/python UV_NO_INSTALLER_METADATA=1
cd /project

say() { echo "== $*"; }

if [ "$PYTHON_ORIGIN" = download ]; then
    say "fetching Python $PYTHON"
    UV_PYTHON='' UV_PYTHON_DOWNLOADS=manual "$uv" python install --no-bin --install-dir /opt/python "$PYTHON" || {
        echo "Python $PYTHON cannot be had: no release of Debian has it, and the place of uv's builds is out of reach"
        exit 1
    }
    for interpreter in /opt/python/cpython-"$PYTHON"*/bin/python3; do :; done
else
    interpreter=/usr/bin/python$PYTHON
fi
"$uv" venv --quiet --python "$interpreter" /opt/venv
packages=$(/opt/venv/bin/python -c 'import sysconfig; print(sysconfig.get_path("purelib"))')

sh /build/lock.sh

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
    before=$(cd "$packages" && echo *.dist-info)
    sh /build/project.sh
    way=$(cat /build/way)
    # shellcheck disable=SC2086
    [ "$way" = editable ] || /usr/bin/python3 -I /build/complete.py "$way" "$packages" $before
    # shellcheck disable=SC2086
    /usr/bin/python3 -I /build/settle.py "$packages" $before
fi
# The plugin's folder.
echo /opt/plugin > "$packages/ephemeral-runner.pth"
# Files are read in order, and these come last: a project without a build system is importable from its own folder, but
# what it says of itself comes first; what we offer to suites, `runner.retry`, comes after whatever it calls `runner`.
printf '/project\n/opt/api\n' > "$packages/zz-ephemeral-runner.pth"
rm -f /opt/venv/.lock
# Tests run without writing bytecode, so what can be compiled is compiled here; a file for another Python may fail.
# The files hold a hash of their source in place of its time, and nobody looks whether it still fits.
say "compiling"
/opt/venv/bin/python -m compileall -q -j 0 --invalidation-mode unchecked-hash /opt/venv/lib || true
