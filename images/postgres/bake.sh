# Installs Postgres and makes its data directory, once, at the build of the image.
set -eu
settings=/usr/lib/ephemeral-runner
home=/var/lib/ephemeral-runner

mkdir -p /etc/postgresql-common
echo "create_main_cluster = false" > /etc/postgresql-common/createcluster.conf
apt-get update
apt-get install -y --no-install-recommends postgresql-17
rm -rf /var/lib/apt/lists/* /var/cache/apt/* /var/log/*

install -d -o postgres -g postgres "$home"
cd "$home"
runuser -u postgres -- initdb --pgdata=data --username=postgres --auth=trust \
    --encoding=UTF8 --locale=C.UTF-8 --wal-segsize=1 --no-sync
cat "$settings/postgresql.conf" >> data/postgresql.conf
cat "$settings/pg_hba.conf" > data/pg_hba.conf
tar --create --file=data.tar data
rm -r data
