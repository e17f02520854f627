$VKEPT exec --help
