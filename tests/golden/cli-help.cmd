$VKEPT --help
