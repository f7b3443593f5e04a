# Compiles the plugin, and what suites may import of ours: /opt/plugin and /opt/api.
set -eu
export PYTHONHASHSEED=0
/opt/venv/bin/python -m compileall -q --invalidation-mode unchecked-hash /opt/plugin /opt/api
