# Installs into /opt/venv what the project's lock holds; where there is none, what its metadata resolves to. install.sh
# calls it, and gives the way to uv as $uv; the working directory has the project's sources.
# Environment file /build/lock.env: LOCK_KIND, LOCK_FILE, IS_LOCKED (yes or no), EXPORT_ARGS, and where they matter
# PIP_ARGS, EXCLUDE_NEWER and OWN_NAME (of the project). /build/requirements.in: more requirements. /build/pins.txt: preferred
# versions, where there is no lock.
set -eu
. /build/lock.env
locked=/build/locked.txt
base=.
[ ! -s /build/build-constraints.txt ] || export UV_BUILD_CONSTRAINT=/build/build-constraints.txt
eval "set -- $EXPORT_ARGS"

say() { echo "== $*"; }

# The tool that a lock is of, in a folder that goes away with /build.
fetch_exporter() {
    say "fetching $1"
    "$uv" venv --quiet --python /usr/bin/python3 /build/exporter
    "$uv" pip install --quiet --python /build/exporter/bin/python --require-hashes -r "/build/exporter-$1.txt"
    say "reading $LOCK_FILE"
}

# What is from a repository or a folder has no hash; then those are checked that there are.
has_all_hashes() {
    ! sed -e ':a' -e '/\\$/N; s/\\\n//; ta' "$1" | grep -v -e '^ *#' -e '^ *$' -e '^-[^e]' -e '^--' | grep -qv -e --hash=
}

install_file() {
    if has_all_hashes "$1"; then
        "$uv" pip install --require-hashes -r "$1"
    else
        "$uv" pip install --verify-hashes -r "$1"
    fi
}

# Without a lock each says what the project asks for, and uv resolves it.
read_poetry() {
    fetch_exporter poetry
    folder=$(dirname "$LOCK_FILE")
    if [ "$IS_LOCKED" = no ]; then
        (cd "$folder" && /build/exporter/bin/python -I /build/wanted.py "$@") > /build/wanted.in
        resolve /build/wanted.in
        return
    fi
    export POETRY_VIRTUALENVS_CREATE=false POETRY_NO_INTERACTION=1
    if ! export_poetry "$@" 2>/build/refused; then
        cat /build/refused >&2
        grep -qE 'Dependency walk failed|changed significantly since poetry.lock' /build/refused && choose_versions "$@"
    fi
}

export_poetry() {
    /build/exporter/bin/poetry --directory "$folder" export --no-ansi --format requirements.txt --output "$locked" "$@"
}

# Where a package has two versions, locks of Poetry before 2.0 do not say which is for which Python, and its export may
# find none; and a lock that is stale may still have all that the project asks for. uv chooses among its versions, and what
# it has not is an error.
choose_versions() {
    say "note: Poetry does not export $LOCK_FILE; uv chooses between the versions in it"
    (cd "$folder" && /build/exporter/bin/python -I /build/wanted.py "$@") > /build/wanted.in
    /build/exporter/bin/python -I /build/pinned.py "$LOCK_FILE" > "$locked"
    "$uv" pip compile --quiet --no-header --no-annotate --emit-index-url --emit-find-links --output-file "$locked" \
        /build/wanted.in
    /build/exporter/bin/python -I /build/pinned.py "$LOCK_FILE" "$locked" > /build/chosen.txt
    mv /build/chosen.txt "$locked"
}

read_pdm() {
    fetch_exporter pdm
    export PDM_CHECK_UPDATE=0 PDM_NON_INTERACTIVE=1 PDM_IGNORE_SAVED_PYTHON=1
    if [ "$IS_LOCKED" = no ]; then
        /build/exporter/bin/pdm export --pyproject --format requirements --output /build/wanted.in "$@"
        resolve /build/wanted.in
        return
    fi
    PDM_LOCKFILE=$LOCK_FILE /build/exporter/bin/pdm export --format requirements --output "$locked" "$@"
}

read_pipenv() {
    fetch_exporter pipenv
    # Of indexes it is told by the Pipfile alone, but for this variable.
    mirror=${PIP_INDEX_URL:-${UV_DEFAULT_INDEX:-${UV_INDEX_URL:-}}}
    [ -z "$mirror" ] || export PIPENV_PYPI_MIRROR="$mirror"
    export PIPENV_PIPFILE="/project/$(dirname "$LOCK_FILE")/Pipfile" PIPENV_NOSPIN=1 PIPENV_IGNORE_VIRTUALENVS=1
    if [ "$IS_LOCKED" = no ]; then
        /build/exporter/bin/pipenv requirements --from-pipfile --no-lock "$@" > /build/wanted.in
        resolve /build/wanted.in
        return
    fi
    /build/exporter/bin/pipenv requirements --hash "$@" > "$locked"
}

read_uv() {
    say "reading $LOCK_FILE"
    # Members of a workspace and other folders are named from the lock's own folder.
    base=$(dirname "$LOCK_FILE")
    # Whether the lock of a workspace is stale can be told only by building every member.
    case $LOCK_FILE in
        ../*) (cd -P . && "$uv" export --quiet --frozen --no-emit-project --format requirements-txt "$@") ;;
        *) (cd "$base" && "$uv" export --quiet --locked --no-emit-project --format requirements-txt "$@") 2>/build/stale \
            || export_same "$@" ;;
    esac > "$locked"
}

# uv calls a lock stale, too, where only the project's own version is another than when it was locked: a release makes it
# so. What it installs counts: the packages of the lock, and those of a copy that is locked anew.
export_same() {
    cp -a "$base" /build/relocked
    if (cd /build/relocked && "$uv" lock --quiet && export_frozen "$@") 2>/dev/null | list_packages > /build/relocked.txt \
        && (cd "$base" && export_frozen "$@") | list_packages | cmp -s - /build/relocked.txt; then
        say "note: uv calls $LOCK_FILE stale; the packages in it are those of a new one" >&2
        (cd "$base" && export_frozen "$@")
    else
        cat /build/stale >&2
        return 1
    fi
}

export_frozen() {
    "$uv" export --quiet --frozen --no-emit-project --no-header --format requirements-txt "$@"
}

# Without hashes, which differ as an index has more or fewer files of a package.
list_packages() {
    sed -e '/^ *--hash=/d' -e 's/ *\\$//'
}

resolve() {
    [ ! -s /build/requirements.in ] || set -- "$@" /build/requirements.in
    [ $# -gt 0 ] || return 0
    say "resolving: there is no lock"
    if [ -n "${OWN_NAME:-}" ]; then
        # What groups ask of the project itself are its extras, and in no case its last release; the same for packages
        # that require it. An override that never applies takes a requirement away.
        echo "$OWN_NAME ; python_version < '0'" > /build/own.txt
        set -- "$@" --override /build/own.txt
    fi
    [ ! -s /build/pins.txt ] || cp /build/pins.txt "$locked"
    "$uv" pip compile --quiet --no-header --no-annotate --emit-index-url --emit-find-links \
        ${EXCLUDE_NEWER:+--exclude-newer "$EXCLUDE_NEWER"} --output-file "$locked" "$@" 2>/build/refused \
        || resolve_by_pip
    cat "$locked"
}

# Some metadata is refused by uv and accepted by pip.
resolve_by_pip() {
    cat /build/refused
    # Versions that exclude each other do so for pip too, which would only take longer; it knows no cut-off date; and
    # what another tool has said is no metadata that it could read in uv's place.
    if [ -n "${EXCLUDE_NEWER:-}" ] || [ "$LOCK_KIND" != project ] || grep -q 'No solution found' /build/refused; then
        return 1
    fi
    say "note: uv refuses the project's metadata, so pip resolves it"
    say "resolving by pip"
    eval "set -- $PIP_ARGS"
    [ ! -s /build/requirements.in ] || set -- "$@" -r /build/requirements.in
    for pip in /usr/share/python-wheels/pip-*.whl; do :; done
    /opt/venv/bin/python "$pip/pip" install --quiet --disable-pip-version-check --dry-run --ignore-installed \
        --report /build/report.json "$@"
    /opt/venv/bin/python -I /build/report.py /build/report.json > "$locked"
}

# The project itself is installed later, in its own way.
leave_out_project() {
    for own in '\.' /project "file:///project" "$(pwd -P)" "file://$(pwd -P)"; do
        sed -i -E -e "s,^(-e |[^ ]+ @ )?$own/?(\[[^]]*\])?( ;.*)?\$,," "$locked"
    done
}

: > "$locked"
case $LOCK_KIND in
    uv) read_uv "$@" ;;
    poetry) read_poetry "$@" ;;
    pdm) read_pdm "$@" ;;
    pipenv) read_pipenv "$@" ;;
    requirements) locked=$LOCK_FILE ;;
    project) resolve "$@" ;;
esac
[ "$IS_LOCKED" = yes ] || leave_out_project

if [ "$IS_LOCKED" = yes ]; then chosen=locked; else chosen=resolved; fi
say "installing the $chosen dependencies"
case $LOCK_KIND in
    pylock) "$uv" pip install --preview-features pylock -r "$LOCK_FILE" "$@" ;;
    requirements) "$uv" pip install --require-hashes -r "$locked" ;;
    *) [ ! -s "$locked" ] || (cd -P "$base" && install_file "$locked") ;;
esac

if [ -s /build/requirements.in ] && [ "$IS_LOCKED" = yes ]; then
    say "installing the setting \`requirements\` beside them"
    "$uv" pip freeze --exclude-editable > /build/pinned.txt
    "$uv" pip install ${EXCLUDE_NEWER:+--exclude-newer "$EXCLUDE_NEWER"} --constraint /build/pinned.txt \
        -r /build/requirements.in
fi
"$uv" pip freeze --exclude-editable > /build/pinned.txt
