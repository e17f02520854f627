$VKEPT conform --help
