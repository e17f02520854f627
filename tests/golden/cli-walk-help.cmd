$VKEPT walk --help
