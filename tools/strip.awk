# SPDX-License-Identifier: BSD-2-Clause
#
# Prints C files as "file:line:text" without comments and, except on #include
# lines, with empty string and character literals, so that a plain pattern
# finds only code.  Lines that are left without text are not printed.

# What is left of a line that starts inside (comment = 1) or outside a comment.
function strip(line, is_include,    out, at, two, end)
{
	out = ""
	while (line != "") {
		if (comment) {
			at = index(line, "*/")
			if (at == 0)
				return out
			line = substr(line, at + 2)
			comment = 0
			continue
		}
		if (is_include)
			at = match(line, /\/\*|\/\//)
		else
			at = match(line, /\/\*|\/\/|"|'/)
		if (at == 0)
			return out line
		two = substr(line, at, 2)
		out = out substr(line, 1, at - 1)
		if (two == "//")
			return out
		if (two == "/*") {
			comment = 1
			line = substr(line, at + 2)
			out = out " "
			continue
		}
		line = substr(line, at)
		if (match(line, /^"([^"\\]|\\.)*"|^'([^'\\]|\\.)*'/)) {
			end = RLENGTH
			out = out substr(line, 1, 1) substr(line, 1, 1)
		} else {
			end = 1
			out = out substr(line, 1, 1)
		}
		line = substr(line, end + 1)
	}
	return out
}

FNR == 1 {
	comment = 0
}

{
	text = strip($0, !comment && $0 ~ /^[ \t]*#[ \t]*include/)
	if (text ~ /[^ \t]/)
		print FILENAME ":" FNR ":" text
}
