$VKEPT explore --help
