# SPDX-License-Identifier: BSD-2-Clause
#
# Takes the commands out of a page of documentation: each block "```sh" becomes
# OUT/NN.sh, and a block "```text" that follows it OUT/NN.out, what the command
# prints.  A line of another block, or an indented one, that calls the program
# becomes a block of its own.  OUT/NN.at has the place.

function file(kind)
{
	return sprintf("%s/%03d.%s", out, count, kind)
}

function begin()
{
	count++
	print FILENAME ":" FNR >file("at")
	close(file("at"))
}

# Placeholders of what the reader has are no commands.
function is_command(line)
{
	return line ~ /^(build\/)?vkept [a-z]/ && line !~ /(^| |=)[A-Z][A-Z]+( |$)|dump\.elf/
}

/^```/ && !inside {
	language = substr($0, 4)
	inside = 1
	if (language == "sh") {
		begin()
		printf "" >file("sh")
	} else if (language == "text" && last == count && count > 0)
		printf "" >file("out")
	next
}
/^```/ {
	inside = 0
	if (language == "sh") {
		close(file("sh"))
		last = count
	} else if (language == "text")
		close(file("out"))
	next
}
inside && language == "sh" { print >file("sh"); next }
inside && language == "text" { if (last == count) print >file("out"); next }
{
	line = $0
	if (!inside && !sub(/^    /, "", line))
		next
	sub(/^\$ /, "", line)
	while (line ~ /\\$/ && (getline rest) > 0) {
		sub(/^ */, "", rest)
		line = substr(line, 1, length(line) - 1) rest
	}
	if (is_command(line)) {
		begin()
		print line >file("sh")
		close(file("sh"))
	}
}
