$VKEPT maps --help
