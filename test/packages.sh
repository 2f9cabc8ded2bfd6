#!/bin/sh
# Installs the Debian packages that the tests run, where they are missing. A
# policy-rc.d that answers 101 keeps them from starting daemons.
set -eu

packages='ansible-core apache2 bash bindfs catatonit curl daemontools dumb-init execline fish gcc gunicorn haproxy libc6-dev
lighttpd make man-db mmdebstrap monit nginx-light openrc php8.2-fpm procps puma python3 python3-hypercorn python3-yaml ruby
ruby-bundler runit s6 strace sudo supervisor systemd tini unicorn util-linux uvicorn uwsgi-core uwsgi-plugin-python3 zsh'

missing=
for package in $packages; do
	dpkg-query -W -f '${Status}' "$package" 2>/dev/null | grep -q 'ok installed' || missing="$missing $package"
done
# SysV init conflicts with the init of the host: it is unpacked where only tests look.
sysvinit=/opt/sysvinit-core
unpack=
[ -x $sysvinit/sbin/init ] && [ -x $sysvinit/lib/init/rc ] || unpack='sysvinit-core sysv-rc'
[ -n "$missing$unpack" ] || exit 0
if ! command -v apt-get >/dev/null || [ "$(id -u)" != 0 ]; then
	echo "tests that need these packages will be skipped:$missing $unpack" >&2
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
# shellcheck disable=SC2086 # lists of words
[ -z "$missing" ] || apt-get install -q -y --no-install-recommends $missing
if [ -n "$unpack" ]; then
	mkdir -p $sysvinit
	cd $sysvinit
	# shellcheck disable=SC2086
	apt-get -q -o APT::Sandbox::User=root download $unpack
	for deb in *.deb; do dpkg -x "$deb" . && rm "$deb"; done
fi
