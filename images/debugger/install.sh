# Adds debugpy to a suite image, beside the project's environment: nothing in /opt/venv changes.
# Runs in a container of the suite image as root; with-certificates.sh of images/suite is in /build too.
set -eu
export LC_ALL=C.UTF-8 HOME=/build PYTHONDONTWRITEBYTECODE=1 PYTHONHASHSEED=0 SOURCE_DATE_EPOCH=0
umask 022
echo "== installing debugpy"
for pip in /usr/share/python-wheels/pip-*.whl; do :; done
sh /build/with-certificates.sh /opt/venv/bin/python "$pip/pip" install --quiet --disable-pip-version-check --no-cache-dir \
    --no-deps --no-compile --target /opt/debugger --require-hashes --requirement /build/debugpy.txt
rm -rf /build
