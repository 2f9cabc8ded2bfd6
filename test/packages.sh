#!/bin/sh
# Installs the Debian packages that the tests run, where they are missing. A
# policy-rc.d that answers 101 keeps them from starting daemons.
set -eu

packages='gcc libc6-dev unicorn gunicorn uvicorn python3-hypercorn puma nginx-light apache2 lighttpd curl runit dumb-init tini
catatonit supervisor s6 execline daemontools procps strace util-linux sudo zsh fish
man-db bash ruby ruby-bundler python3 php8.2-fpm uwsgi-core
uwsgi-plugin-python3 haproxy monit'

missing=
for package in $packages; do
	dpkg-query -W -f '${Status}' "$package" 2>/dev/null | grep -q 'ok installed' || missing="$missing $package"
done
[ -n "$missing" ] || exit 0
if ! command -v apt-get >/dev/null || [ "$(id -u)" != 0 ]; then
	echo "tests that need these packages will be skipped:$missing" >&2
	exit 0
fi

policy=/usr/sbin/policy-rc.d
if [ ! -e "$policy" ]; then
	trap 'rm -f "$policy"' EXIT
	printf '#!/bin/sh\nexit 101\n' >"$policy"
	chmod 0755 "$policy"
fi
export DEBIAN_FRONTEND=noninteractive
apt-get update -q
# shellcheck disable=SC2086 # a list of words
apt-get install -q -y --no-install-recommends $missing
