# Run by BuildInfo.cmake with SOURCE, VERSION, REVISION (may be empty), TEMPLATE and OUTPUT.

if(NOT REVISION AND EXISTS ${SOURCE}/.git)
  # No lock is taken, so that a build does not disturb a commit under way; and a checkout that
  # belongs to somebody else (a mounted folder) may be asked as well.
  execute_process(
    COMMAND git --no-optional-locks -c "safe.directory=*" -C ${SOURCE}
            describe --always --dirty --abbrev=12 --exclude=*
    OUTPUT_VARIABLE REVISION OUTPUT_STRIP_TRAILING_WHITESPACE ERROR_QUIET RESULT_VARIABLE failed)
endif()
if(failed OR NOT REVISION)
  set(REVISION unknown)
endif()
configure_file(${TEMPLATE} ${OUTPUT} @ONLY)
