# SPDX-License-Identifier: BSD-2-Clause
#
# The core as a library, shared and static, and where everything is installed:
# the program, manual pages, completion, schemas, scenarios and documentation.

include(GNUInstallDirs)
include(CMakePackageConfigHelpers)

set(lib_sources ${core_sources} "${CMAKE_SOURCE_DIR}/src/lib/lib_point.c")
set(lib_map "${CMAKE_SOURCE_DIR}/src/lib/libvkept.map")
set(include_directory "${CMAKE_INSTALL_INCLUDEDIR}/vkept")

# --- the library -----------------------------------------------------------

foreach(kind SHARED STATIC)
	string(TOLOWER vkept_${kind} name)
	add_library(${name} ${kind} ${lib_sources})
	add_library(vkept::${name} ALIAS ${name})
	set_target_properties(${name} PROPERTIES C_STANDARD 99 OUTPUT_NAME vkept
	    POSITION_INDEPENDENT_CODE ON VKEPT_PIC ON)
	target_link_libraries(${name} PRIVATE $<BUILD_INTERFACE:vkept_flags>)
	target_compile_options(${name} PRIVATE -ffreestanding)
	target_include_directories(${name} INTERFACE "$<INSTALL_INTERFACE:${include_directory}>")
endforeach()
set_target_properties(vkept_shared PROPERTIES VERSION ${PROJECT_VERSION} SOVERSION 0
    LINK_DEPENDS "${lib_map}" EXPORT_NAME vkept)
target_link_options(vkept_shared PRIVATE "LINKER:--version-script=${lib_map}")
if(NOT VKEPT_SANITIZE AND NOT VKEPT_FUZZ)
	target_link_options(vkept_shared PRIVATE LINKER:--no-undefined)
endif()

install(TARGETS vkept_shared vkept_static EXPORT vkept
    LIBRARY DESTINATION "${CMAKE_INSTALL_LIBDIR}" ARCHIVE DESTINATION "${CMAKE_INSTALL_LIBDIR}")
foreach(room base ept guestpt nested copyio vmm)
	install(DIRECTORY "${CMAKE_SOURCE_DIR}/src/${room}" DESTINATION "${include_directory}"
	    FILES_MATCHING PATTERN "*.h")
endforeach()

# --- how others find it ----------------------------------------------------

set(config_directory "${CMAKE_INSTALL_LIBDIR}/cmake/vkept")
install(EXPORT vkept NAMESPACE vkept:: DESTINATION "${config_directory}" FILE vkeptConfig.cmake)
write_basic_package_version_file("${CMAKE_BINARY_DIR}/vkeptConfigVersion.cmake"
    COMPATIBILITY SameMinorVersion)
install(FILES "${CMAKE_BINARY_DIR}/vkeptConfigVersion.cmake" DESTINATION "${config_directory}")
# Paths relative to the file: what is installed can be moved as a whole.
file(RELATIVE_PATH prefix_from_pc "/${CMAKE_INSTALL_LIBDIR}/pkgconfig" "/")
string(REGEX REPLACE "/$" "" prefix_from_pc "${prefix_from_pc}")
configure_file("${CMAKE_SOURCE_DIR}/cmake/vkept.pc.in" "${CMAKE_BINARY_DIR}/vkept.pc" @ONLY)
install(FILES "${CMAKE_BINARY_DIR}/vkept.pc" DESTINATION "${CMAKE_INSTALL_LIBDIR}/pkgconfig")

# --- all else --------------------------------------------------------------

set(share "${CMAKE_INSTALL_DATADIR}/vkept")
install(FILES docs/man/vkept.1 DESTINATION "${CMAKE_INSTALL_MANDIR}/man1")
if(TARGET vkept-draw)
	install(FILES docs/man/vkept-draw.1 DESTINATION "${CMAKE_INSTALL_MANDIR}/man1")
endif()
install(FILES docs/man/vkept-scenario.5 DESTINATION "${CMAKE_INSTALL_MANDIR}/man5")
install(FILES completions/vkept.bash RENAME vkept
    DESTINATION "${CMAKE_INSTALL_DATADIR}/bash-completion/completions")
install(FILES completions/_vkept
    DESTINATION "${CMAKE_INSTALL_DATADIR}/zsh/vendor-completions")
install(FILES completions/vkept.fish
    DESTINATION "${CMAKE_INSTALL_DATADIR}/fish/vendor_completions.d")
install(DIRECTORY schema scenarios DESTINATION "${share}")
install(FILES README.md CHANGELOG.md DESTINATION "${CMAKE_INSTALL_DOCDIR}")
install(DIRECTORY docs DESTINATION "${CMAKE_INSTALL_DOCDIR}" PATTERN man EXCLUDE)
install(DIRECTORY examples/walk DESTINATION "${CMAKE_INSTALL_DOCDIR}/examples")

include("${CMAKE_CURRENT_LIST_DIR}/Package.cmake")
