#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# What is installed can be used: the library exports what its headers declare
# and no more, the example builds against it in both ways, and two builds in
# different places give the same bytes.
# runs: once
. "$(dirname "$0")/lib.sh"
cd "$SRC" || exit 3
root=$tmp/root
unset CFLAGS LDFLAGS DESTDIR PKG_CONFIG_PATH CMAKE_PREFIX_PATH

[ -f "$BUILD/libvkept.so" ] || { echo 'this build has no library'; exit 77; }
expect_pass 'everything is installed' cmake --install "$BUILD" --prefix "$root"
lib=$(dirname "$(find "$root" -name libvkept.so)")
include=$root/include/vkept
export PKG_CONFIG_PATH="$lib/pkgconfig"

for file in bin/vkept share/bash-completion/completions/vkept \
    share/zsh/vendor-completions/_vkept share/fish/vendor_completions.d/vkept.fish \
    share/vkept/schema/scenario.schema.json share/vkept/scenarios/copyio/printf.yaml \
    share/man/man1/vkept.1.gz share/man/man5/vkept-scenario.5.gz share/doc/vkept/copyright; do
	expect_pass "$file is there" test -s "$root/$file"
done
if [ -x "$root/bin/vkept-draw" ]; then
	expect_pass 'so is the page of vkept-draw' test -s "$root/share/man/man1/vkept-draw.1.gz"
fi
expect_pass 'the program runs from where it is installed' \
    "$root/bin/vkept" run -q "$root/share/vkept/scenarios/copyio"

# --- symbols ---------------------------------------------------------------

sed -n 's/^	\([a-z][a-z0-9_]*\);$/\1/p' src/lib/libvkept.map >"$tmp/listed"
exported()
{
	nm -D --defined-only "$1" | awk '$2 != "A" { sub(/@.*/, "", $3); print $3 }' | sort -u |
	    diff - "$tmp/listed"
}
expect_pass 'the library exports what the list says and no more' exported "$lib/libvkept.so"

# Each name of the list is declared by a header that is installed.
declared()
{
	{
		(cd "$include" && find . -name '*.h' | sort | sed 's|^\./\(.*\)|#include "\1"|')
		echo 'extern const void *const all[];'
		echo 'const void *const all[] = {'
		sed 's/.*/	(const void *)\&&,/' "$1"
		echo '};'
	} >"$tmp/all.c"
	"$CC" -std=c99 -w -c -I"$include" -o "$tmp/all.o" "$tmp/all.c" || return 1
}
expect_pass 'a header declares each of them' declared "$tmp/listed"
echo 'vk_unheard_of' | cat "$tmp/listed" - >"$tmp/longer"
expect_fail 'a name that no header declares is noticed' 'vk_unheard_of' declared "$tmp/longer"
"$CC" -shared -fPIC -o "$tmp/libmore.so" -x c - <<'END'
void vk_internal(void) {}
END
expect_fail 'a name too many is noticed' 'vk_internal' exported "$tmp/libmore.so"

for header in $(cd "$include" && find . -name '*.h'); do
	echo "#include \"$header\"" >"$tmp/one.c"
	"$CC" -std=c99 -Wall -Wextra -Werror -fsyntax-only -I"$include" "$tmp/one.c" ||
	    echo "$header"
done >"$tmp/headers" 2>&1
expect_pass 'each header can be included by itself' test ! -s "$tmp/headers"

# --- the example -----------------------------------------------------------

printf '%s\n' '0x400008 is at 0x7008' 'a write faults: error code 0x7, level 1' >"$tmp/walked"
with_pkg_config()
{
	# shellcheck disable=SC2046 # words
	"$CC" -std=c99 -Wall -Wextra -Werror -o "$tmp/walk" examples/walk/walk.c \
	    $(pkg-config --cflags --libs vkept) &&
	    LD_LIBRARY_PATH=$lib "$tmp/walk" | diff - "$tmp/walked"
}
static()
{
	# shellcheck disable=SC2046 # words
	"$CC" -std=c99 -static -o "$tmp/walk" examples/walk/walk.c \
	    $(pkg-config --cflags --libs vkept) && "$tmp/walk" | diff - "$tmp/walked"
}
with_cmake()
{
	cmake -S examples/walk -B "$tmp/walk.build" -DCMAKE_PREFIX_PATH="$root" \
	    -DCMAKE_C_COMPILER="$CC" && cmake --build "$tmp/walk.build" &&
	    "$tmp/walk.build/walk" | diff - "$tmp/walked"
}
if command -v pkg-config >/dev/null 2>&1; then
	expect_pass 'the example builds with pkg-config' with_pkg_config
	expect_pass 'and with the static library' static
fi
expect_pass 'the example builds with find_package' with_cmake
expect_pass 'the example has 30 lines, blank ones apart' \
    sh -c '[ "$(grep -c . examples/walk/walk.c)" -le 30 ]'

# --- the same bytes --------------------------------------------------------

# A build of the library in a place of its own.
build_in()
{
	mkdir -p "$1/src" "$1/docs"
	cp -R CMakeLists.txt cmake completions README.md CHANGELOG.md LICENSE schema "$1"
	cp -R src/. "$1/src"
	cmake -S "$1" -B "$1/b" -DCMAKE_C_COMPILER="$CC" -DVKEPT_DRAW=OFF >/dev/null &&
	    cmake --build "$1/b" -j 2 --target vkept_shared vkept_static
}
same_bytes()
{
	build_in "$tmp/here" && build_in "$tmp/a/longer path/there" || return 1
	for file in libvkept.so.0.1.0 libvkept.a; do
		cmp "$tmp/here/b/$file" "$tmp/a/longer path/there/b/$file" || return 1
		! grep -a -q "$tmp" "$tmp/here/b/$file" || return 1
	done
}
expect_pass 'a build somewhere else gives the same bytes' same_bytes
finish
