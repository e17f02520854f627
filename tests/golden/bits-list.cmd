$VKEPT bits --list
