# Starts Postgres on the baked data directory: in memory where the runner gave some, else where it is.
# Environment: POSTGRES_PASSWORD, EPHEMERAL_RUNNER_DATA (a folder in memory, or empty).
set -eu
data=/var/lib/ephemeral-runner/data
if [ -n "${EPHEMERAL_RUNNER_DATA:-}" ]; then
    cp -a "$data" "$EPHEMERAL_RUNNER_DATA/data"
    data=$EPHEMERAL_RUNNER_DATA/data
fi
# The password is random, so it cannot be baked. Nobody gets in over the network before it is set.
(
    until psql --quiet --no-psqlrc --host=/tmp --username=postgres \
        --command="ALTER ROLE postgres PASSWORD '$POSTGRES_PASSWORD'" 2>/dev/null; do sleep 0.02; done
) &
unset EPHEMERAL_RUNNER_DATA
exec postgres -D "$data" 2>&1
