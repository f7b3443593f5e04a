"""What every container of a run is denied, and its sizes; the engine and the Compose file read it here. Pure."""

CAP_DROP = ["ALL"]
SECURITY_OPT = ["no-new-privileges"]

SANDBOX_CAPABILITIES = ["CHOWN", "NET_ADMIN", "SETGID", "SETPCAP", "SETUID", "SYS_ADMIN"]
"""Of the process that makes sandboxes (images/base/keeper.py); no process of the suite has any."""

SANDBOX_VARIABLE = "EPHEMERAL_RUNNER_SANDBOX"
"""Tells images/base/keeper.py the port of Postgres in every sandbox."""

NO_APPARMOR = "apparmor=unconfined"
"""The engine's own profile forbids mounts, whatever a process may do."""

STEP_DOWN = ["CHOWN", "DAC_OVERRIDE", "FOWNER", "SETGID", "SETUID"]
"""Capabilities that a service keeps unless it names its own: public images start as root, give their folders to
another user, and become that user."""

SHARED_MEMORY = "256m"
"""The suite's shared memory: browsers and multiprocessing need more than the engine's 64 MiB."""

DATA_IN_MEMORY = "/dev/shm"  # noqa: S108 -- the container's own memory file system, not a shared temporary folder
DATA_VARIABLE = "EPHEMERAL_RUNNER_DATA"
"""Tells images/postgres/start.sh where the data goes."""

DATA_ON_DISK = "/var/lib/ephemeral-runner"
"""Where the data goes without it."""

TRUST_VARIABLE = "EPHEMERAL_RUNNER_TRUST"
"""Lets any role in without a password from the suite's own network namespace, but not through a tunnel."""

AGAIN_VARIABLE = "EPHEMERAL_RUNNER_AGAIN"
"""Lets servers be started beside the first one, and that one be started again (images/postgres/servers.sh)."""

LOG, LOG_VARIABLE, STATEMENTS_VARIABLE = "server.log", "EPHEMERAL_RUNNER_LOG", "EPHEMERAL_RUNNER_STATEMENTS"
"""The server's log, beside its data; start.sh and images/base/relay.py read the variables."""

SETTINGS_VARIABLE, PORT_VARIABLE = "EPHEMERAL_RUNNER_SETTINGS", "PGPORT"
"""What start.sh adds to postgresql.conf; where the server listens, which all programs of Postgres in there ask."""

LOG_STATEMENT = {"changes": "mod", "all": "all", "none": "none"}
"""Postgres's `log_statement` by the setting `kept_statements`."""
