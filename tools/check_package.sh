#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
#
# check_package.sh PACKAGE.deb: lintian finds no error in it, and nothing to warn of; where there are
# debootstrap and root, it installs on a system of nothing but Debian's minimum,
# its program runs there, and the example is built against its library.
set -u
package=$(realpath "$1") || exit 3
status=0

if command -v lintian >/dev/null 2>&1; then
	found=$(lintian "$package" 2>/dev/null | grep '^[EW]:')
	if [ -n "$found" ]; then
		echo "$found"
		status=1
	else
		echo 'lintian: no error, no warning'
	fi
else
	echo 'lintian is not there: not asked'
fi
if ! command -v debootstrap >/dev/null 2>&1 || [ "$(id -u)" -ne 0 ]; then
	echo 'debootstrap is not there, or not for us: not installed'
	exit $status
fi
root=$(mktemp -d) || exit 3
trap 'umount "$root/proc" 2>/dev/null; rm -rf "$root"' EXIT
trap 'exit 129' HUP INT TERM
debootstrap --variant=minbase bookworm "$root" >"$root.log" 2>&1 || {
	tail -n 5 "$root.log"
	rm -f "$root.log"
	exit 3
}
rm -f "$root.log"
# A program finds what lies beside it by /proc.
mount -t proc proc "$root/proc" || exit 3
cp "$package" "$root/vkept.deb"
cat >"$root/try" <<'END'
set -eu
export DEBIAN_FRONTEND=noninteractive
apt-get install -y --no-install-recommends /vkept.deb
vkept run -q /usr/share/vkept/scenarios
vkept graph -o /tables.svg /usr/share/vkept/scenarios/copyio/printf.yaml
apt-get install -y --no-install-recommends gcc libc6-dev pkg-config cmake make
cd /usr/share/doc/vkept/examples/walk
cc -o /walk walk.c $(pkg-config --cflags --libs vkept)
/walk
cmake -S . -B /walk.build
cmake --build /walk.build
/walk.build/walk
apt-get purge -y vkept
[ ! -e /usr/bin/vkept ]
END
# Nothing of the caller's surroundings gets in.
if env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin HOME=/root chroot "$root" sh /try \
    >"$root/log" 2>&1; then
	echo 'installs on a minimal system, runs, is built against, and goes again'
else
	tail -n 20 "$root/log"
	status=1
fi
exit $status
