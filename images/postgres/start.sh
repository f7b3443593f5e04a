# Starts Postgres on the baked data directory: in memory where the runner gave some, else on the container's disk.
# One large file is read several times faster than the thousand small ones in it where layers are stacked by FUSE.
# Environment: POSTGRES_PASSWORD, EPHEMERAL_RUNNER_DATA (a folder in memory, or empty), EPHEMERAL_RUNNER_LOG (a file
# for the log, or empty), EPHEMERAL_RUNNER_STATEMENTS (which statements it has: a value of log_statement),
# EPHEMERAL_RUNNER_SETTINGS (lines for postgresql.conf), PGPORT (where it listens), EPHEMERAL_RUNNER_AGAIN (whether
# servers.sh may be asked for more servers, or for this one anew), EPHEMERAL_RUNNER_TRUST (whether any role gets in
# without a password from this network namespace; 127.0.0.9 is bridge.py, by which the runner comes).
set -eu
parent=${EPHEMERAL_RUNNER_DATA:-/var/lib/ephemeral-runner}
tar --extract --file=/var/lib/ephemeral-runner/data.tar --directory="$parent"
# In the file, not on the command line: ALTER SYSTEM comes after it.
printf '%s\n' "${EPHEMERAL_RUNNER_SETTINGS:-}" >> "$parent/data/postgresql.conf"
if [ -n "${EPHEMERAL_RUNNER_TRUST:-}" ]; then
    printf '%s\n' 'host all all 127.0.0.9/32 scram-sha-256' 'host all all 127.0.0.0/8 trust' \
        'host all all ::1/128 trust' > "$parent/pg_hba.conf"
    cat "$parent/data/pg_hba.conf" >> "$parent/pg_hba.conf"
    mv "$parent/pg_hba.conf" "$parent/data/pg_hba.conf"
fi
# The password is random, so it cannot be baked. Nobody gets in over the network before it is set.
(
    # Whatever the settings say, this session may write, and its password is one that pg_hba.conf takes.
    PGOPTIONS='-c default_transaction_read_only=off -c statement_timeout=0 -c password_encryption=scram-sha-256'
    export PGOPTIONS
    until psql --quiet --no-psqlrc --host=/tmp --username=postgres \
        --command="ALTER ROLE postgres PASSWORD '$POSTGRES_PASSWORD'" 2>/dev/null; do sleep 0.02; done
) &
unset EPHEMERAL_RUNNER_DATA EPHEMERAL_RUNNER_SETTINGS
set -- postgres -D "$parent/data"
if [ -n "${EPHEMERAL_RUNNER_LOG:-}" ]; then
    exec 2>> "$EPHEMERAL_RUNNER_LOG"
    set -- "$@" -c log_statement="${EPHEMERAL_RUNNER_STATEMENTS:-none}"
fi
[ -n "${EPHEMERAL_RUNNER_AGAIN:-}" ] || exec "$@"
# The server ends when it is asked to, for good; where servers.sh asks, it starts on a new copy of its data.
export EPHEMERAL_RUNNER_PARENT="$parent"
while
    code=0
    "$@" || code=$?
    [ -e "$parent/again" ]
do
    rm -r "$parent/data" "$parent/again"
    cp -r "$parent/origin" "$parent/data"
done
exit "$code"
