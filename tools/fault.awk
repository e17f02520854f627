# SPDX-License-Identifier: BSD-2-Clause
#
# awk -v mode=MODE -f fault.awk FAULT: reads one fault file.
#   mode=file, what, tests   prints that header's value
#   mode=apply               prints the source file (-v source=PATH) with the
#                            text before replaced by the text after
# Ends with status 1 and a message unless the fault file is whole and the text
# before stands in the source exactly once.

function fail(message)
{
	print FILENAME ": " message >"/dev/stderr"
	failed = 1
	exit 1
}

# How often the text stands in the whole.
function times(whole, text,    n, at)
{
	n = 0
	while ((at = index(whole, text)) > 0) {
		n++
		whole = substr(whole, at + 1)
	}
	return n
}

function read_whole(path,    whole, line)
{
	whole = ""
	while ((getline line <path) > 0)
		whole = whole line "\n"
	close(path)
	return whole
}

/^--- (before|after)$/ { part = $2; parts++; next }
part != "" { text[part] = text[part] (lines[part]++ ? "\n" : "") $0; next }
/^(file|what|tests): / {
	name = $1
	sub(/:$/, "", name)
	value = $0
	sub(/^[a-z]+: */, "", value)
	header[name] = value
	next
}
/^(#.*)?$/ { next }
{ fail("line " FNR ": neither a header nor a block") }

END {
	if (failed)
		exit 1
	if (header["file"] == "" || header["what"] == "" || header["tests"] == "")
		fail("needs the headers file, what and tests")
	if (parts != 2 || part != "after" || text["before"] == "")
		fail("needs a block --- before and then a block --- after")
	if (mode != "apply") {
		print header[mode]
		exit 0
	}
	whole = read_whole(source)
	n = times(whole, text["before"])
	if (n != 1)
		fail("the text before stands in " header["file"] " " n " times, not once")
	at = index(whole, text["before"])
	printf "%s%s%s", substr(whole, 1, at - 1), text["after"], \
	    substr(whole, at + length(text["before"]))
}
