$VKEPT report --help
