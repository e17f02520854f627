# SPDX-License-Identifier: BSD-2-Clause
#
# A package for Debian, by CPack: ./dev package.  It is built with the shared C
# library (VKEPT_STATIC off), on whose version it then depends.

set(CPACK_GENERATOR DEB)
set(CPACK_PACKAGE_CONTACT "The vkept authors <vkept@packages.debian.org>")
set(CPACK_DEBIAN_FILE_NAME DEB-DEFAULT)
set(CPACK_DEBIAN_PACKAGE_SECTION devel)
set(CPACK_DEBIAN_PACKAGE_PRIORITY optional)
set(CPACK_DEBIAN_PACKAGE_SHLIBDEPS ON)
set(CPACK_DEBIAN_PACKAGE_GENERATE_SHLIBS ON)
set(CPACK_DEBIAN_PACKAGE_CONTROL_STRICT_PERMISSION ON)
set(CPACK_DEBIAN_PACKAGE_CONTROL_EXTRA "${CMAKE_SOURCE_DIR}/cmake/triggers")
set(CPACK_PACKAGE_DESCRIPTION_SUMMARY "nested page tables, simulated and explained")
set(CPACK_DEBIAN_PACKAGE_DESCRIPTION
"A deterministic simulator and reference model of nested paging on x86-64:
VMX exits, EPT paging, guest paging, TLBs, and the master and slave vCPU
threads of a vkernel. It plays scenario files, explains every fault and exit
down to the bit that caused it, tries every schedule of their threads, and
has its core as a library.")
set(CPACK_STRIP_FILES ON)
set(CPACK_INSTALL_DEFAULT_DIRECTORY_PERMISSIONS OWNER_READ OWNER_WRITE OWNER_EXECUTE
    GROUP_READ GROUP_EXECUTE WORLD_READ WORLD_EXECUTE)

# What Debian wants beside: the licence under its name, its own changes, and
# pages that are compressed.  gzip -n leaves out name and time.
configure_file("${CMAKE_CURRENT_LIST_DIR}/changelog.in" "${CMAKE_BINARY_DIR}/changelog" @ONLY)
install(FILES LICENSE RENAME copyright DESTINATION "${CMAKE_INSTALL_DOCDIR}")
install(FILES "${CMAKE_BINARY_DIR}/changelog" DESTINATION "${CMAKE_INSTALL_DOCDIR}")
install(FILES cmake/lintian-overrides RENAME vkept
    DESTINATION "${CMAKE_INSTALL_DATADIR}/lintian/overrides")
install(CODE "
	set(root \"\$ENV{DESTDIR}\${CMAKE_INSTALL_PREFIX}\")
	file(GLOB pages \"\${root}/${CMAKE_INSTALL_MANDIR}/man[15]/vkept*.[15]\")
	execute_process(COMMAND gzip -9nf \"\${root}/${CMAKE_INSTALL_DOCDIR}/changelog\" \${pages}
	    COMMAND_ERROR_IS_FATAL ANY)
")
include(CPack)
