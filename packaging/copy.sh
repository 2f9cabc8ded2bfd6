#!/bin/sh
# Installs the hooks and the files of contrib, without Go's, below a directory.
# usage: copy.sh DIRECTORY
set -eu

for file in $(find hooks contrib -type f ! -name '*.go' | LC_ALL=C sort); do
	mode=0644
	[ "$(head -c 2 "$file")" != '#!' ] || mode=0755
	install -D -m "$mode" "$file" "$1/$file"
done
