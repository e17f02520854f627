# SPDX-License-Identifier: BSD-2-Clause
#
# vkept_library(NAME HEADER PACKAGE FILE...): makes the imported target
# vkept::NAME from a header and the first library file found.  With
# VKEPT_STATIC the static archive is taken, because the program is linked fully
# statically.  The error names the Debian package that is missing.

function(vkept_library name header package)
	find_path(VKEPT_${name}_INCLUDE NAMES ${header})
	if(VKEPT_STATIC)
		set(files "")
		foreach(file IN LISTS ARGN)
			list(APPEND files "lib${file}.a")
		endforeach()
	else()
		set(files ${ARGN})
	endif()
	find_library(VKEPT_${name}_LIBRARY NAMES ${files})
	if(NOT VKEPT_${name}_INCLUDE OR NOT VKEPT_${name}_LIBRARY)
		message(FATAL_ERROR
		    "${header} or its library (${files}) not found: install ${package}")
	endif()
	mark_as_advanced(VKEPT_${name}_INCLUDE VKEPT_${name}_LIBRARY)
	add_library(vkept::${name} UNKNOWN IMPORTED)
	set_target_properties(vkept::${name} PROPERTIES
	    IMPORTED_LOCATION "${VKEPT_${name}_LIBRARY}"
	    INTERFACE_INCLUDE_DIRECTORIES "${VKEPT_${name}_INCLUDE}")
endfunction()

# vkept_graphviz(): makes the target vkept::graphviz, Graphviz with the plugins
# that lay out and render, as shared libraries.  It is optional: without it a
# message names the Debian package, and there is no such target.
function(vkept_graphviz)
	find_path(VKEPT_graphviz_INCLUDE NAMES graphviz/gvc.h)
	set(libraries "")
	set(missing "")
	foreach(name gvc cgraph gvplugin_core gvplugin_dot_layout gvplugin_pango)
		find_library(VKEPT_${name}_LIBRARY NAMES ${name} PATH_SUFFIXES graphviz)
		mark_as_advanced(VKEPT_${name}_LIBRARY)
		list(APPEND libraries "${VKEPT_${name}_LIBRARY}")
		if(NOT VKEPT_${name}_LIBRARY)
			list(APPEND missing "lib${name}")
		endif()
	endforeach()
	mark_as_advanced(VKEPT_graphviz_INCLUDE)
	if(NOT VKEPT_graphviz_INCLUDE OR missing)
		message(STATUS "Graphviz not found (graphviz/gvc.h ${missing}): vkept graph "
		    "writes DOT and JSON only; install libgraphviz-dev for pictures")
		return()
	endif()
	add_library(vkept::graphviz INTERFACE IMPORTED)
	set_target_properties(vkept::graphviz PROPERTIES
	    INTERFACE_LINK_LIBRARIES "${libraries}"
	    INTERFACE_INCLUDE_DIRECTORIES "${VKEPT_graphviz_INCLUDE}")
endfunction()
