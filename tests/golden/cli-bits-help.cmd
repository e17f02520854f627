$VKEPT bits --help
