# Makes the data directory of Postgres once, when the image is made, and keeps it as one file.
# Durability is off: the data lives no longer than the run, so a crash of the machine has nothing to lose.
set -eu
echo "== making the data directory"
settings=/usr/lib/ephemeral-runner
home=/var/lib/ephemeral-runner

install -d -o postgres -g postgres "$home"
cd "$home"
runuser -u postgres -- /usr/lib/postgresql/17/bin/initdb --pgdata=data --username=postgres --auth=trust \
    --encoding=UTF8 --locale=C.UTF-8 --wal-segsize=1 --no-sync
cat "$settings/postgresql.conf" >> data/postgresql.conf
cat "$settings/pg_hba.conf" > data/pg_hba.conf
# The runner's own statements are nobody's business: the log has those of tests.
echo "ALTER ROLE postgres SET log_statement = none" |
    runuser -u postgres -- /usr/lib/postgresql/17/bin/postgres --single -D data postgres > /dev/null
tar --create --file=data.tar data
rm -r data
