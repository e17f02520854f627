# SPDX-License-Identifier: BSD-2-Clause
#
# cmake -D SOURCE=DIR -D OUTPUT=FILE -P EmbedPage.cmake: makes a C source of
# DIR/page.html with page.css and page.js in it.
#
# The page allows itself no style and no script but these two, by their hashes,
# and no access to anything else.

# base64_of(OUT HEX): the bytes that HEX has the digits of, in base 64.
function(base64_of out hex)
	set(letters "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/")
	string(LENGTH "${hex}" length)
	set(text "")
	set(at 0)
	while(at LESS length)
		# Three bytes are four letters; what is missing of them is zero.
		string(SUBSTRING "${hex}" ${at} 6 part)
		string(LENGTH "${part}" digits)
		string(SUBSTRING "${part}00000" 0 6 part)
		math(EXPR bits "0x${part}")
		foreach(shift 18 12 6 0)
			math(EXPR index "(${bits} >> ${shift}) & 63")
			string(SUBSTRING "${letters}" ${index} 1 letter)
			if((digits EQUAL 2 AND shift LESS 12) OR (digits EQUAL 4 AND shift LESS 6))
				set(letter "=")
			endif()
			string(APPEND text "${letter}")
		endforeach()
		math(EXPR at "${at} + 6")
	endwhile()
	set(${out} "${text}" PARENT_SCOPE)
endfunction()

# as_string(OUT TEXT): TEXT as a C string.
function(as_string out text)
	string(REPLACE "\\" "\\\\" text "${text}")
	string(REPLACE "\"" "\\\"" text "${text}")
	string(REPLACE "\n" "\\n\"\n\t\"" text "${text}")
	set(${out} "\"${text}\"" PARENT_SCOPE)
endfunction()

foreach(kind html css js)
	file(READ "${SOURCE}/page.${kind}" ${kind})
endforeach()
foreach(kind css js)
	string(SHA256 hash "${${kind}}")
	base64_of(${kind}_hash "${hash}")
	string(REPLACE "@${kind}_HASH@" "sha256-${${kind}_hash}" html "${html}")
	string(REPLACE "@${kind}@" "${${kind}}" html "${html}")
endforeach()

string(FIND "${html}" "@TITLE@" title)
string(FIND "${html}" "@DATA@" data)
if(title LESS 0 OR data LESS title)
	message(FATAL_ERROR "page.html: expected @TITLE@ and then @DATA@")
endif()
string(SUBSTRING "${html}" 0 ${title} before)
math(EXPR start "${title} + 7")
math(EXPR length "${data} - ${start}")
string(SUBSTRING "${html}" ${start} ${length} between)
math(EXPR start "${data} + 6")
string(SUBSTRING "${html}" ${start} -1 after)
foreach(part before between after)
	as_string(${part} "${${part}}")
endforeach()
file(WRITE "${OUTPUT}" "/* Made by cmake/EmbedPage.cmake. */
#include \"page/page_template.h\"

const char *const page_template[3] = {
	${before},
	${between},
	${after},
};
")
