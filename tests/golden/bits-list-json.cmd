$VKEPT bits -f json --list
