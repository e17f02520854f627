$VKEPT graph --help
