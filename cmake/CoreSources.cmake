# SPDX-License-Identifier: BSD-2-Clause
#
# vkept_core_sources(OUT): the files that src/core.mk lists, as absolute paths.
# A listed file that is not there is left out here and reported by the test
# check_core_list, so that a missing file shows as one failed test and not as
# a tree that cannot be configured.

function(vkept_core_sources out)
	set(list_file "${CMAKE_SOURCE_DIR}/src/core.mk")
	set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS
	    "${list_file}")
	set(found "")
	if(EXISTS "${list_file}")
		file(STRINGS "${list_file}" lines REGEX "^CORE_SRCS\\+=")
		foreach(line IN LISTS lines)
			string(REGEX REPLACE "^CORE_SRCS\\+=[ \t]*" "" line "${line}")
			string(REGEX MATCHALL "[^ \t]+" names "${line}")
			foreach(name IN LISTS names)
				if(EXISTS "${CMAKE_SOURCE_DIR}/src/${name}")
					list(APPEND found "${CMAKE_SOURCE_DIR}/src/${name}")
				else()
					message(STATUS "core.mk lists ${name}, which is absent")
				endif()
			endforeach()
		endforeach()
	endif()
	set(${out} "${found}" PARENT_SCOPE)
endfunction()
