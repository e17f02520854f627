$VKEPT run --help
