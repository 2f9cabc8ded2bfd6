#!/bin/sh
# Prints the version of the Debian package: that of the last tag, or one that comes
# before every release. It has no hyphen, which would begin a Debian revision, and a
# tilde comes before nothing at all (deb-version(7)).
set -eu

if version=$(git describe --tags --match 'v[0-9]*' --dirty 2>/dev/null); then
	echo "$version" | sed 's/^v//; s/-\(alpha\|beta\|rc\)/~\1/; s/-/+/; s/-/./g'
elif version=$(TZ=UTC git log -1 --date=format-local:%Y%m%d --format=%cd.%h 2>/dev/null); then
	git diff --quiet HEAD 2>/dev/null || version=$version.dirty
	echo "0~git$version"
else
	echo 0~devel
fi
