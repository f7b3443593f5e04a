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

# Frameworks take psycopg where it is installed (Django does so before psycopg2), so a project that pins others, but not
# it, does not get to see ours: the plugin alone knows the folder (connecting.py).
tools=/build/tools
driver=
if [ -s /build/pinned.txt ] && ! grep -q -e '^psycopg==' -e '^psycopg @' /build/pinned.txt; then
    driver=/opt/venv/lib/ephemeral-runner
    tools=/build/rest-of-tools
    for kind in in txt; do grep -v '^psycopg' "/build/tools.$kind" > "$tools.$kind"; done
fi
say "adding pytest, pytest-xdist and pytest-rerunfailures beside them, and psycopg${driver:+ out of their sight}"
# Our own pins first. Where they do not fit what the project pinned, those of its pins and the rest of ours: the same
# versions every time. Where that does not fit either, whatever does: the project's pins stay. psycopg's own suite has a
# psycopg that was never released, and so no binary beside it: it does without ours.
awk -F '[=; ]' 'NR == FNR { pinned[$1]; next }
    !($1 in pinned) && !($1 == "psycopg-binary" && "psycopg" in pinned)' /build/pinned.txt "$tools.txt" > /build/rest.txt
"$uv" pip install --constraint /build/pinned.txt -r "$tools.txt" 2>/build/refused \
    || "$uv" pip install --constraint /build/pinned.txt --constraint /build/rest.txt -r "$tools.in" 2>/build/refused \
    || { say "our pins do not fit the project's; looking for versions that do"; cat /build/refused
         "$uv" pip install --constraint /build/pinned.txt -r "$tools.in" 2>/build/refused; } \
    || { say "no released psycopg fits the project's own, which stays as it is"; cat /build/refused
         grep -v '^psycopg' "$tools.in" > /build/rest.in
         "$uv" pip install --constraint /build/pinned.txt -r /build/rest.in; }
if [ -n "$driver" ]; then
    grep '^psycopg' /build/tools.in | "$uv" pip install --target "$driver" --constraint /build/tools.txt -r -
    rm -rf "$driver/bin" "$driver/.lock"
fi

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
