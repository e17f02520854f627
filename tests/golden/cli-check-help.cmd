$VKEPT check --help
