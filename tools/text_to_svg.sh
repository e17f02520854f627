#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
#
# text_to_svg.sh TITLE < TEXT > PICTURE.svg: a terminal's text as a picture, for the documentation.
# The picture is text in a fixed-width font; it follows the reader's light or dark scheme.

set -eu
LC_ALL=C
export LC_ALL

awk -v title="$1" '
function escape(text)
{
	gsub(/&/, "\\&amp;", text)
	gsub(/</, "\\&lt;", text)
	gsub(/>/, "\\&gt;", text)
	return text
}
function class(text)
{
	if (text ~ /^\$/)
		return "command"
	if (text ~ /^ok /)
		return "good"
	if (text ~ /^FAIL/)
		return "bad"
	return "plain"
}
{
	line[++count] = $0
	if (length($0) > widest)
		widest = length($0)
}
END {
	width = widest * 7.3 + 32
	height = count * 17 + 30
	printf "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"%d\" height=\"%d\" " \
	    "viewBox=\"0 0 %d %d\" role=\"img\">\n", width, height, width, height
	printf "<title>%s</title>\n", escape(title)
	print "<style>"
	print "rect { fill: #fbfbf8; stroke: #c8c8c0 }"
	print "text { font: 12px ui-monospace, \"DejaVu Sans Mono\", monospace; fill: #222; " \
	    "white-space: pre }"
	print ".command { font-weight: bold } .good { fill: #1a6b2d } .bad { fill: #a11919 }"
	print "@media (prefers-color-scheme: dark) {"
	print "rect { fill: #16181c; stroke: #3a3d44 } text { fill: #ddd }"
	print ".good { fill: #7bd88f } .bad { fill: #ff8a8a } }"
	print "</style>"
	printf "<rect x=\"0.5\" y=\"0.5\" width=\"%d\" height=\"%d\" rx=\"6\"/>\n", width - 1,
	    height - 1
	for (i = 1; i <= count; i++)
		printf "<text class=\"%s\" x=\"16\" y=\"%d\" xml:space=\"preserve\">%s</text>\n",
		    class(line[i]), 10 + i * 17, escape(line[i])
	print "</svg>"
}'
