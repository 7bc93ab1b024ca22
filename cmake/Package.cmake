# What `cmake --install` puts where, and the Debian package that `./dev package` makes of it.
include(GNUInstallDirs)

# The manual page and the completion are of the binary's own making.
set(man_page ${PROJECT_BINARY_DIR}/weir.1)
set(completion ${PROJECT_BINARY_DIR}/weir.bash)
add_custom_command(
  OUTPUT ${man_page} ${completion}
  COMMAND weir help --man > ${man_page}
  COMMAND weir help --completion > ${completion}
  DEPENDS weir
  VERBATIM)
add_custom_target(weir_manual ALL DEPENDS ${man_page} ${completion})

set(packaging ${PROJECT_SOURCE_DIR}/docker/debian)
install(TARGETS weir RUNTIME)
install(FILES ${man_page} DESTINATION ${CMAKE_INSTALL_MANDIR}/man1)
install(FILES ${completion} RENAME weir
        DESTINATION ${CMAKE_INSTALL_DATAROOTDIR}/bash-completion/completions)
install(DIRECTORY docs/ examples DESTINATION ${CMAKE_INSTALL_DOCDIR})
install(FILES README.md CHANGELOG.md SECURITY.md DESTINATION ${CMAKE_INSTALL_DOCDIR})
install(FILES ${packaging}/weir.service DESTINATION lib/systemd/system)
install(FILES ${packaging}/weir.yaml ${packaging}/logrotate DESTINATION ${CMAKE_INSTALL_DOCDIR})
# A system's prefix has its configuration in /etc; any other one leaves that alone.
install(CODE "
  if(CMAKE_INSTALL_PREFIX STREQUAL /usr)
    file(INSTALL ${packaging}/weir.yaml DESTINATION /etc/weir)
    file(INSTALL ${packaging}/logrotate DESTINATION /etc/logrotate.d RENAME weir)
  endif()")

set(CPACK_GENERATOR DEB)
set(CPACK_PACKAGE_NAME weir)
set(CPACK_PACKAGE_VERSION ${PROJECT_VERSION})
set(CPACK_PACKAGE_CONTACT "The weir maintainers <weir@localhost>")
set(CPACK_PACKAGE_DESCRIPTION_SUMMARY ${PROJECT_DESCRIPTION})
set(CPACK_PACKAGE_DESCRIPTION
    "weir runs in front of an HTTP service, lets through what the service can handle and each
tenant's quota allows, and refuses the rest early and clearly.")
set(CPACK_SET_DESTDIR ON)
set(CPACK_INSTALL_PREFIX /usr)
set(CPACK_PACKAGING_INSTALL_PREFIX /usr)
set(CPACK_STRIP_FILES ON)
set(CPACK_DEBIAN_FILE_NAME DEB-DEFAULT)
set(CPACK_DEBIAN_PACKAGE_SECTION net)
set(CPACK_DEBIAN_PACKAGE_SHLIBDEPS ON)
set(CPACK_DEBIAN_PACKAGE_RECOMMENDS "logrotate, bash-completion")
set(CPACK_DEBIAN_PACKAGE_CONTROL_EXTRA
    "${packaging}/conffiles;${packaging}/postinst;${packaging}/prerm;${packaging}/postrm")
set(CPACK_DEBIAN_PACKAGE_CONTROL_STRICT_PERMISSION ON)
include(CPack)
