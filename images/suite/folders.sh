# Finishes the environment of a suite: its user and its folders, and nothing left of the build.
set -eu
# The day in /etc/shadow.
export LC_ALL=C.UTF-8 SOURCE_DATE_EPOCH=0
echo "== making the user and the folders"
umask 022
useradd --uid 1000 --create-home suite
rm -f /etc/passwd- /etc/shadow- /etc/group- /etc/gshadow- /etc/subuid- /etc/subgid-
find /tmp -mindepth 1 -delete
# The sources, which are copied into /project, belong to root. What workers share they may not write to: each has
# folders of its own below /run/runner/workers; what runs without the plugin shares that one.
install -d -o suite -g suite /run/runner /run/runner/files /run/runner/ready /run/runner/results /run/runner/workers
chmod 0755 /tmp /var/tmp /run/lock
# A repository that the tests are shown belongs to root too, and git asks for more trust than that.
printf '[safe]\n\tdirectory = *\n' > /etc/gitconfig
rm -r /build
